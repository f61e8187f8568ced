//! A statement whose transaction was given up ends on the server as well: what it has locked becomes free.

use std::time::Duration;

use axum::routing::post;
use axum::{Json, Router};
use idem_core::tx::{MySqlTx, OperationKey, PgTx, SqliteTx};
use idem_core::{Refused, idempotent};
use sqlx::AssertSqlSafe;

use crate::world::{Database, World, ask_at, soon};

macro_rules! cancelled {
    ($name:ident, $Db:ty, $Tx:ident, $dialect:literal, $endless:literal) => {
        mod $name {
            use super::*;

            async fn world() -> Option<World<$Db>> {
                crate::world::VARIANT.set($dialect);
                World::<$Db>::new().await
            }

            /// Blocks every other writer of the same row until its transaction is over.
            async fn endless(tx: &mut $Tx<'_>, ledger: &str) -> Result<u32, Refused> {
                let insert = AssertSqlSafe(format!("INSERT INTO {ledger} VALUES ('one', 1)"));
                sqlx::raw_sql(insert).execute(&mut **tx).await.unwrap();
                sqlx::raw_sql($endless).execute(&mut **tx).await.unwrap();
                Ok(1)
            }

            /// The same row can be written, and the same key be claimed.
            async fn all_is_free(world: &World<$Db>) {
                let insert = || format!("INSERT INTO {} VALUES ('one', 2)", world.app.ledger);
                soon("the row", <$Db>::execute(&world.pool, insert())).await;
                let idem = world.process().await;
                let again = async {
                    while idem.transaction(key(), async |_| Ok::<_, Refused>(2)).await != Ok(2) {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                };
                soon("the key", again).await;
                assert_eq!(world.rows().await, 1);
            }

            fn key() -> OperationKey {
                OperationKey::new("endless", "k")
            }

            #[tokio::test]
            async fn by_max_run() {
                let Some(world) = world().await else { return };
                let idem = world.process_with(|builder| builder.max_run(Duration::from_secs(1))).await;
                let called = idem.transaction(key(), async |tx| endless(tx, &world.app.ledger).await);
                assert_eq!(soon("an answer", called).await, Err(Refused::TransactionAborted));
                all_is_free(&world).await;
            }

            #[tokio::test]
            async fn by_its_caller() {
                let Some(world) = world().await else { return };
                let idem = world.process().await;
                let called = idem.transaction(key(), async |tx| endless(tx, &world.app.ledger).await);
                // The statement runs by then, almost always; what the test asserts is true in any case.
                assert!(tokio::time::timeout(Duration::from_millis(500), called).await.is_err());
                all_is_free(&world).await;
            }

            #[idempotent(optional)]
            async fn without_key(
                #[tx] tx: &mut $Tx<'_>,
                Json(ledger): Json<String>,
            ) -> Result<String, Refused> {
                endless(tx, &ledger).await.map(|_| "done".to_owned())
            }

            #[tokio::test]
            async fn without_a_key() {
                let Some(world) = world().await else { return };
                let idem = world.process_with(|builder| builder.max_run(Duration::from_secs(1))).await;
                let router = Router::new().route("/act", post(without_key)).layer(idem.layer());
                let body = serde_json::to_string(&world.app.ledger).unwrap();
                let answer = soon("an answer", ask_at(&router, "/act", None, &body)).await;
                // Without a record, only SQLite's hook tells that the handler committed nothing by itself.
                let code =
                    if stringify!($name) == "sqlite" { "transaction-aborted" } else { "outcome-unknown" };
                assert_eq!(answer.text, code, "{answer:?}");
                all_is_free(&world).await;
            }
        }
    };
}
// Ten minutes, or hours.
cancelled!(postgres, sqlx::Postgres, PgTx, false, "SELECT pg_sleep(600)");
cancelled!(postgres_with_begin, sqlx::Postgres, PgTx, true, "SELECT pg_sleep(600)");
cancelled!(mariadb, sqlx::MySql, MySqlTx, false, "SELECT SLEEP(600)");
cancelled!(mysql, sqlx::MySql, MySqlTx, true, "SELECT SLEEP(600)");
cancelled!(
    sqlite,
    sqlx::Sqlite,
    SqliteTx,
    false,
    "SELECT count(*) FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000000000) SELECT i FROM n)"
);

/// A process that stands still, or a host that has vanished, ends nothing itself: the server does, some time after the
/// handler would have been over.
macro_rules! forgotten {
    ($($name:ident $Db:ty, $dialect:literal;)*) => {$(
        #[tokio::test]
        async fn $name() {
            crate::world::VARIANT.set($dialect);
            let Some(world) = World::<$Db>::new().await else { return };
            let idem = world.process_with(|builder| builder.max_run(Duration::from_secs(1))).await;
            let key = || OperationKey::new("forgotten", "k");
            let called = idem.transaction(key(), async |_| {
                world.app.inside.notify_one();
                std::future::pending::<Result<u32, Refused>>().await
            });
            let mut called = Box::pin(called);
            tokio::select! {
                _ = &mut called => panic!("it waits"),
                () = soon("it is inside", world.app.inside.notified()) => {}
            }
            // From here on it is not polled.
            let other = world.process().await;
            let again = async {
                while other.transaction(key(), async |_| Ok::<_, Refused>(2)).await != Ok(2) {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            soon("the key", again).await;
            drop(called);
        }
    )*};
}
forgotten! {
    a_transaction_of_a_frozen_process_ends_on_postgres sqlx::Postgres, false;
    a_transaction_of_a_frozen_process_ends_on_postgres_with_begin sqlx::Postgres, true;
    a_transaction_of_a_frozen_process_ends_on_mariadb sqlx::MySql, false;
    a_transaction_of_a_frozen_process_ends_on_mysql sqlx::MySql, true;
}

/// The retry of a key runs at once where its first transaction was idle: the cancellation of that one comes late, and must
/// not strike the retry.
#[tokio::test]
async fn a_retry_of_the_same_key_is_not_cancelled() {
    for with_begin in [false, true] {
        crate::world::VARIANT.set(with_begin);
        let Some(world) = World::<sqlx::Postgres>::new().await else { return };
        let idem = world.process().await;
        for run in 0..5 {
            let key = || OperationKey::new("retried", &format!("k{run}"));
            let idle = idem.transaction(key(), async |_| {
                world.app.inside.notify_one();
                std::future::pending::<Result<u32, Refused>>().await
            });
            tokio::select! {
                _ = idle => panic!("it waits"),
                () = soon("it is inside", world.app.inside.notified()) => {}
            }
            let retry = async {
                loop {
                    let tried = idem.transaction(key(), async |tx| {
                        let slept = sqlx::raw_sql("SELECT pg_sleep(1)").execute(&mut **tx).await;
                        // An error of the handler's own, should it be cancelled.
                        slept.map(|_| 2).map_err(|_| Refused::HandlerPanicked)
                    });
                    match tried.await {
                        Err(Refused::InProgress { .. }) => tokio::task::yield_now().await,
                        other => break other,
                    }
                }
            };
            assert_eq!(soon("the retry", retry).await, Ok(2), "run {run}");
        }
    }
}

/// A statement that is dropped while the server prepares it leaves the driver in a state in which its next use panics. What
/// the caller hears is true all the same, and the connection is not used again.
#[tokio::test]
async fn a_statement_that_is_dropped_half_way_takes_its_connection_with_it() {
    for dialect in [false, true] {
        crate::world::VARIANT.set(dialect);
        let Some(world) = World::<sqlx::MySql>::new().await else { return };
        let idem = world.process().await;
        for polls in 1..=8 {
            let key = || OperationKey::new("half", &format!("k{polls}"));
            let ledger = &world.app.ledger;
            let called = idem.transaction(key(), async |tx| {
                let insert = AssertSqlSafe(format!("INSERT INTO {ledger} VALUES ('before {polls}', ?)"));
                sqlx::query(insert).bind(1).execute(&mut **tx).await.unwrap();
                let text = AssertSqlSafe(format!("INSERT INTO {ledger} VALUES ('half {polls}', ?)"));
                let mut dropped = Box::pin(sqlx::query(text).bind(1).execute(&mut **tx));
                for _ in 0..polls {
                    tokio::select! {
                        biased;
                        _ = &mut dropped => break,
                        () = tokio::task::yield_now() => {}
                    }
                }
                Ok::<_, Refused>(1)
            });
            let told = soon("an answer", called).await;
            let count = format!("SELECT count(*) FROM {ledger} WHERE note = 'before {polls}'");
            let rows = <sqlx::MySql as Database>::count(&world.pool, count).await;
            assert_eq!(rows, i64::from(told.is_ok()), "{polls}: {told:?}");
            // An error has committed nothing, so the outcome is known, and the key is free.
            let again = soon("an answer", idem.transaction(key(), async |_| Ok::<_, Refused>(1))).await;
            assert_eq!(again, Ok(1), "{polls}: {told:?}");
        }
    }
}
