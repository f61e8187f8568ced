//! A caller that leaves while a transaction is rolled back whose handler said that nobody knows what it did elsewhere.

use std::sync::atomic::Ordering;

use idem_core::store::mysql::MySqlStore;
use idem_core::store::postgres::PostgresStore;
use idem_core::tx::{MySqlTx, PgTx};
use idem_core::{Idem, Refused, idempotent};
use idem_servers::{Fault, Proxy};
use sqlx::AssertSqlSafe;

use crate::faults::host_port;
use crate::world::{App, World, soon};

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
                let idem = world.process_by(&proxy.url(&world.url), |builder| builder).await;
                // Now and then the twin would be the first.
                for run in 1..=20 {
                    let key = format!("k{run}");
                    let rolling_back = async {
                        world.app.inside.notified().await;
                        proxy.fired().await;
                    };
                    tokio::select! {
                        sent = send(&idem, &world.app, &proxy, &key) => panic!("its rollback is held: {sent:?}"),
                        () = soon("it rolls back", rolling_back) => {}
                    }
                    let unknown = async {
                        loop {
                            match send(&idem, &world.app, &proxy, &key).await {
                                Err(Refused::InProgress { .. }) => tokio::task::yield_now().await,
                                other => break other,
                            }
                        }
                    };
                    assert_eq!(soon("an answer", unknown).await, Err(Refused::OutcomeUnknown));
                    assert_eq!((world.runs(), world.rows().await), (run, 0));
                }
            }
        }
    };
}
leaving!(postgres, sqlx::Postgres, PostgresStore, PgTx);
leaving!(mariadb, sqlx::MySql, MySqlStore, MySqlTx);
