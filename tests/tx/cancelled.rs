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
                // As good as always the statement runs by then; the claim holds in any case.
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
                assert!(answer.is(500, "transaction-aborted"), "{answer:?}");
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
