//! A caller that leaves while a transaction is rolled back whose handler said that nobody knows what it did elsewhere.

use std::sync::atomic::Ordering;
use std::time::Duration;

use idem_core::store::mysql::MySqlStore;
use idem_core::store::postgres::PostgresStore;
use idem_core::tx::{MySqlTx, OperationKey, PgTx};
use idem_core::{Drained, Idem, Refused, idempotent};
use idem_servers::{Fault, Proxy};
use sqlx::AssertSqlSafe;

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

/// Its caller leaves while the reply to its rollback is held.
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

/// What a twin hears in the end.
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
                // Now and then the twin would be the first.
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
/// What a handler writes after it rolled back itself is committed here, statement by statement, and nothing records it.
mod slipped {
    use super::*;

    #[idempotent(with = idem, key = key, name = "send")]
    async fn send(
        idem: &Idem<PostgresStore>,
        app: &App,
        proxy: &Proxy,
        key: &str,
        #[tx] tx: &mut PgTx<'_>,
    ) -> Result<u32, Refused> {
        app.runs.fetch_add(1, Ordering::SeqCst);
        let slips = format!("ROLLBACK; INSERT INTO {} VALUES ('{key}', 1)", app.ledger);
        sqlx::raw_sql(AssertSqlSafe(slips)).execute(&mut **tx).await.unwrap();
        // The next two prepare the completion and carry it out.
        proxy.on_request(3, Fault::HoldReply);
        app.inside.notify_one();
        Ok(1)
    }

    #[tokio::test]
    async fn while_it_is_rolled_back_the_key_does_not_become_free() {
        let Some(world) = World::<sqlx::Postgres>::new().await else { return };
        let proxy = Proxy::to(&*host_port(&world.url)).await.unwrap();
        let idem = process(&world, &proxy).await;
        for run in 1..=20 {
            let key = format!("k{run}");
            let again = async || send(&idem, &world.app, &proxy, &key).await;
            leaves(&world.app, &proxy, again()).await;
            assert_eq!(told(again).await, Err(Refused::OutcomeUnknown));
            assert_eq!((world.runs(), world.rows().await), (run, i64::from(run)));
        }
    }
}

leaving!(postgres, sqlx::Postgres, PostgresStore, PgTx);
leaving!(mariadb, sqlx::MySql, MySqlStore, MySqlTx);
