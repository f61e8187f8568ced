//! A caller that leaves while a transaction is rolled back whose handler ended as `Ambiguous`: what the handler did
//! elsewhere is not known.

use std::sync::atomic::Ordering;
use std::time::Duration;

use idem_core::store::mysql::MySqlStore;
use idem_core::store::postgres::PostgresStore;
use idem_core::tx::{MySqlTx, OperationKey, PgTx};
use idem_core::{Drained, Idem, Refused, idempotent};
use idem_testing::proxy::{Fault, Proxy};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::faults::{host_port, settled};
use crate::world::{App, Database, World, soon};

/// With its first sweep behind it, so that only calls send requests.
async fn process<Db: Database>(world: &World<Db>, proxy: &Proxy) -> Idem<Db::Store> {
    let idem = world.process_by(&proxy.url(&world.url), |builder| builder).await;
    let warm = idem.transaction(OperationKey::new("warm", "k"), async |_| Ok::<_, Refused>(1)).await;
    assert_eq!(warm, Ok(1));
    settled(proxy).await;
    idem
}

/// The caller leaves while the reply to the rollback is held.
async fn leaves(app: &App, proxy: &Proxy, sent: impl Future<Output = Result<u32, Refused>>) {
    let rolling_back = async {
        app.inside.notified().await;
        proxy.fired().await;
    };
    tokio::select! {
        sent = sent => panic!("its rollback is held: {sent:?}"),
        () = soon("it rolls back", rolling_back) => {}
    }
}

/// What another call with the same key hears in the end.
async fn told(send: impl AsyncFn() -> Result<u32, Refused>) -> Result<u32, Refused> {
    let told = async {
        loop {
            match send().await {
                Err(Refused::InProgress { .. }) => tokio::task::yield_now().await,
                other => break other,
            }
        }
    };
    soon("an answer", told).await
}

macro_rules! leaving {
    ($name:ident, $Db:ty, $Store:ty, $Tx:ident) => {
        mod $name {
            use super::*;

            #[idempotent(with = idem, key = key, name = "send", on_error = unknown)]
            async fn send(
                idem: &Idem<$Store>,
                app: &App,
                proxy: &Proxy,
                key: &str,
                #[tx] tx: &mut $Tx<'_>,
            ) -> Result<u32, Refused> {
                app.runs.fetch_add(1, Ordering::SeqCst);
                let insert = format!("INSERT INTO {} VALUES ('{key}', 1)", app.ledger);
                sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut **tx).await.unwrap();
                // The next request asks whether the transaction is still the one that was begun.
                proxy.on_request(2, Fault::HoldReply);
                app.inside.notify_one();
                Err(Refused::HandlerPanicked)
            }

            #[tokio::test]
            async fn while_it_is_rolled_back_the_key_does_not_become_free() {
                let Some(world) = World::<$Db>::new().await else { return };
                let proxy = Proxy::to(&*host_port(&world.url)).await.unwrap();
                let idem = process(&world, &proxy).await;
                // Several runs: with a flaw, the second call would be the first only now and then.
                for run in 1..=20 {
                    let key = format!("k{run}");
                    let again = async || send(&idem, &world.app, &proxy, &key).await;
                    leaves(&world.app, &proxy, again()).await;
                    assert_eq!(told(again).await, Err(Refused::OutcomeUnknown));
                    assert_eq!((world.runs(), world.rows().await), (run, 0));
                }
            }

            #[tokio::test]
            async fn a_drain_waits_until_it_is_written_down() {
                let Some(world) = World::<$Db>::new().await else { return };
                let proxy = Proxy::to(&*host_port(&world.url)).await.unwrap();
                let idem = process(&world, &proxy).await;
                let rolling_back = async {
                    world.app.inside.notified().await;
                    proxy.fired().await;
                    proxy.hold_replies();
                };
                tokio::select! {
                    sent = send(&idem, &world.app, &proxy, "k") => panic!("its rollback is held: {sent:?}"),
                    () = soon("it rolls back", rolling_back) => {}
                }
                assert_eq!(idem.drain(Duration::from_millis(50)).await, Drained::Abandoned(1));
                proxy.pass().await.unwrap();
                assert_eq!(soon("it ends", idem.drain(Duration::from_mins(1))).await, Drained::Clean);
                let other = world.process().await;
                assert_eq!(send(&other, &world.app, &proxy, "k").await, Err(Refused::OutcomeUnknown));
                assert_eq!((world.runs(), world.rows().await), (1, 0));
            }
        }
    };
}
/// A handler that ignores an error and a nested transaction that could not begin, writes, and whose caller leaves.
macro_rules! slipped {
    ($($name:ident $Db:ty, $fails:literal;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let Some(world) = World::<$Db>::new().await else { return };
            let idem = world.process().await;
            let insert = || AssertSqlSafe(format!("INSERT INTO {} VALUES ('slipped', 1)", world.app.ledger));
            for _ in 0..3 {
                let called = idem.transaction(OperationKey::new("slip", "k"), async |tx| {
                    let _ignored = sqlx::raw_sql($fails).execute(&mut **tx).await;
                    let _ignored = tx.begin_with("SAVEPOINT by_hand").await.map(drop);
                    let _ignored = sqlx::raw_sql(insert()).execute(&mut **tx).await;
                    world.app.inside.notify_one();
                    std::future::pending::<Result<u32, Refused>>().await
                });
                tokio::select! {
                    called = called => panic!("it waits: {called:?}"),
                    () = soon("it has written", world.app.inside.notified()) => {}
                }
                assert_eq!(world.rows().await, 0);
            }
            let done = soon("the key is free", told(async || {
                idem.transaction(OperationKey::new("slip", "k"), async |tx| {
                    sqlx::raw_sql(insert()).execute(&mut **tx).await.unwrap();
                    Ok::<_, Refused>(1)
                }).await
            })).await;
            assert_eq!((done, world.rows().await), (Ok(1), 1));
        }
    )*};
}
slipped! {
    nothing_of_it_is_kept_by_postgres sqlx::Postgres, "SELECT 1/0";
    nothing_of_it_is_kept_by_mariadb sqlx::MySql, "SELECT nothing";
    nothing_of_it_is_kept_by_sqlite sqlx::Sqlite, "SELECT nothing";
}

leaving!(postgres, sqlx::Postgres, PostgresStore, PgTx);
leaving!(mariadb, sqlx::MySql, MySqlStore, MySqlTx);
