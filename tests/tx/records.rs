//! What a transaction's claim makes of a record that is there already, and what a dropped caller leaves behind.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use idem_core::protocol::{Claim, ClaimOutcome, Nonce, Owner, StateKind, Terms};
use idem_core::store::memory::MemoryStore;
use idem_core::store::{MarkUnknown, Release, Store};
use idem_core::tx::OperationKey;
use idem_core::{Address, AfterCrash, Drained, Fingerprint, Idem, KeyHint, Label, Refused, Scope};
use sqlx::AssertSqlSafe;

use crate::world::{World, soon};

const LEASE: Duration = Duration::from_hours(1);
const MOMENT: Duration = Duration::from_millis(1);

fn address() -> Address {
    Address::new("", b"", "pay", b"k")
}

fn claim(lease: Duration, after_crash: AfterCrash) -> Claim {
    Claim::new(address(), Nonce::fresh(), Fingerprint::none(), lease, Terms::new(LEASE, lease, ""))
        .after_crash(after_crash)
        .for_operators(Label::new("pay", b""), KeyHint::of(b"k"))
}

async fn win(store: &dyn Store, lease: Duration, after_crash: AfterCrash) -> Owner {
    match store.claim(claim(lease, after_crash)).await.unwrap() {
        ClaimOutcome::Won(won) => won.owner,
        other => panic!("not won: {other:?}"),
    }
}

macro_rules! records {
    ($name:ident, $Db:ty, $variant:literal) => {
        mod $name {
            use super::*;

            async fn world() -> Option<(World<$Db>, Arc<<$Db as crate::world::Database>::Store>)> {
                crate::world::VARIANT.set($variant);
                let world = World::<$Db>::new().await?;
                let store = world.store().await;
                Some((world, store))
            }

            /// Pays once a call; the value says which attempt that was.
            async fn pay(
                world: &World<$Db>,
                idem: &Idem<Arc<<$Db as crate::world::Database>::Store>>,
                ttl: Duration,
            ) -> Result<u32, Refused> {
                idem.transaction(OperationKey::new("pay", "k").ttl(ttl), async |tx| {
                    let run = world.app.runs.fetch_add(1, Ordering::SeqCst);
                    let insert = format!("INSERT INTO {} VALUES ('run {run}', 1)", world.app.ledger);
                    sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut **tx).await.unwrap();
                    Ok(idem_core::current().unwrap().attempt())
                })
                .await
            }

            fn idem<S: idem_core::tx::TxStore>(store: &Arc<S>) -> Idem<Arc<S>> {
                Idem::builder(Arc::clone(store)).scope(Scope::public()).build()
            }

            /// A process without plain handlers renews nothing, so the keeper has to start without a renewal.
            #[tokio::test]
            async fn a_process_of_transactions_alone_sweeps() {
                let Some((world, store)) = world().await else { return };
                let _owner = win(&*store, MOMENT, AfterCrash::Unknown).await;
                let settings = Idem::builder(Arc::clone(&store)).scope(Scope::public());
                let idem = settings.lease(MOMENT * 500).sweep_interval(MOMENT * 20).build();
                let other = OperationKey::new("pay", "other");
                assert_eq!(idem.transaction(other, async |_| Ok::<_, Refused>(1)).await, Ok(1));
                let swept = async {
                    while store.look_up(address()).await.unwrap().unwrap().state.kind() != StateKind::Unknown
                    {
                        tokio::time::sleep(MOMENT).await;
                    }
                };
                soon("the sweep", swept).await;
                assert_eq!(world.runs(), 0);
            }

            #[tokio::test]
            async fn a_released_key_runs_again_as_the_next_attempt() {
                let Some((world, store)) = world().await else { return };
                let owner = win(&*store, LEASE, AfterCrash::Unknown).await;
                let release = Release::new(address(), owner, LEASE);
                let _applied = store.release(release).await.unwrap();
                assert_eq!(pay(&world, &idem(&store), LEASE).await, Ok(2));
                let record = store.look_up(address()).await.unwrap().unwrap();
                assert_eq!((record.state.kind(), record.attempts), (StateKind::Done, 2));
                assert!(record.owner.fence > owner.fence, "fences rise");
                // The old owner writes nothing.
                let late = store.mark_unknown(MarkUnknown::new(address(), owner)).await.unwrap();
                assert!(matches!(late, idem_core::protocol::WriteOutcome::Lost(_)), "{late:?}");
                assert_eq!((world.rows().await, pay(&world, &idem(&store), LEASE).await), (1, Ok(2)));
            }

            /// The committed record says `released` meanwhile.
            #[tokio::test]
            async fn a_released_key_that_another_process_is_at_is_in_progress() {
                let Some((world, store)) = world().await else { return };
                // There a second writer waits, and sees how it ended.
                let waits = stringify!($name) == "sqlite";
                let owner = win(&*store, LEASE, AfterCrash::Unknown).await;
                let release = Release::new(address(), owner, LEASE);
                let _applied = store.release(release).await.unwrap();
                let first = idem(&store);
                let held = first.transaction(OperationKey::new("pay", "k"), async |_| {
                    world.app.inside.notify_one();
                    world.app.go_on.notified().await;
                    Ok::<_, Refused>(7)
                });
                let second = async {
                    soon("it runs", world.app.inside.notified()).await;
                    let other = idem(&world.store().await);
                    if waits {
                        world.app.go_on.notify_one();
                    }
                    let told = pay(&world, &other, LEASE).await;
                    world.app.go_on.notify_one();
                    told
                };
                let (held, told) = soon("both end", async { tokio::join!(held, second) }).await;
                let in_progress = matches!(told, Err(Refused::InProgress { .. }));
                assert!(if waits { told == Ok(7) } else { in_progress }, "{told:?}");
                assert_eq!((held, world.runs()), (Ok(7), 0));
            }

            #[tokio::test]
            async fn an_expired_answer_makes_room() {
                let Some((world, store)) = world().await else { return };
                let idem = Idem::builder(Arc::clone(&store)).scope(Scope::public()).cache_bytes(0).build();
                assert_eq!(pay(&world, &idem, MOMENT).await, Ok(1));
                let again = async {
                    while world.runs() < 2 {
                        match pay(&world, &idem, LEASE).await {
                            Ok(1) => {}
                            // On MySQL and MariaDB the reaper may have locked the row just now.
                            Err(Refused::InProgress { .. }) if stringify!($name).starts_with("m") => {}
                            other => panic!("{other:?}"),
                        }
                    }
                };
                soon("it expires", again).await;
                assert_eq!(world.rows().await, 2);
            }

            #[tokio::test]
            async fn a_lapsed_claim_that_may_be_re_run_is_taken_over() {
                let Some((world, store)) = world().await else { return };
                let owner = win(&*store, MOMENT, AfterCrash::Rerun).await;
                let idem = idem(&store);
                let taken = async {
                    loop {
                        match pay(&world, &idem, LEASE).await {
                            Err(Refused::InProgress { .. }) => {}
                            other => break other,
                        }
                    }
                };
                assert_eq!(soon("its lease ends", taken).await, Ok(2));
                let record = store.look_up(address()).await.unwrap().unwrap();
                assert!(record.owner.fence > owner.fence && record.state.kind() == StateKind::Done);
            }

            #[tokio::test]
            async fn unknown_records_and_those_of_other_processes_are_left_alone() {
                let Some((world, store)) = world().await else { return };
                let owner = win(&*store, LEASE, AfterCrash::Unknown).await;
                let refused = pay(&world, &idem(&store), LEASE).await;
                assert!(matches!(refused, Err(Refused::InProgress { .. })), "{refused:?}");
                let _applied = store.mark_unknown(MarkUnknown::new(address(), owner)).await.unwrap();
                assert_eq!(pay(&world, &idem(&store), LEASE).await, Err(Refused::OutcomeUnknown));
                let record = store.look_up(address()).await.unwrap().unwrap();
                assert_eq!((record.owner, record.state.kind()), (owner, StateKind::Unknown));
                assert_eq!((world.rows().await, world.runs()), (0, 0));
            }

            #[tokio::test]
            async fn a_dropped_caller_leaves_nothing_and_the_key_is_free_at_once() {
                let Some((world, store)) = world().await else { return };
                let first = idem(&store);
                {
                    let held = first.transaction(OperationKey::new("pay", "k"), async |tx| {
                        let insert = format!("INSERT INTO {} VALUES ('dropped', 1)", world.app.ledger);
                        sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut **tx).await.unwrap();
                        world.app.inside.notify_one();
                        std::future::pending::<Result<u32, Refused>>().await
                    });
                    tokio::select! {
                        _ = held => panic!("it never ends"),
                        () = soon("it runs", world.app.inside.notified()) => {}
                    }
                }
                // In this process, and in another: until the database has noticed, it is in progress.
                for store in [store.clone(), world.store().await] {
                    let idem = idem(&store);
                    let paid = async {
                        loop {
                            match pay(&world, &idem, LEASE).await {
                                Err(Refused::InProgress { .. }) => tokio::task::yield_now().await,
                                other => break other,
                            }
                        }
                    };
                    assert_eq!(soon("the key is free", paid).await, Ok(1));
                }
                assert_eq!((world.rows().await, world.runs()), (1, 1));
            }

            #[tokio::test]
            async fn a_drain_waits_for_a_transaction_and_counts_one_that_does_not_end() {
                let Some((world, store)) = world().await else { return };
                let idem = idem(&store);
                let held = idem.transaction(OperationKey::new("pay", "k"), async |_| {
                    world.app.inside.notify_one();
                    world.app.go_on.notified().await;
                    Ok::<_, Refused>(7)
                });
                let drained = async {
                    soon("it runs", world.app.inside.notified()).await;
                    assert_eq!(idem.drain(Duration::ZERO).await, Drained::Abandoned(1));
                    let late =
                        idem.transaction(OperationKey::new("pay", "k2"), async |_| Ok::<_, Refused>(0));
                    assert!(matches!(late.await, Err(Refused::ShuttingDown { .. })));
                    world.app.go_on.notify_one();
                    idem.drain(Duration::from_mins(1)).await
                };
                let (held, drained) = soon("both end", async { tokio::join!(held, drained) }).await;
                assert_eq!((held, drained), (Ok(7), Drained::Clean));
            }
        }
    };
}
records!(sqlite, sqlx::Sqlite, false);
records!(postgres, sqlx::Postgres, false);
records!(postgres_with_begin, sqlx::Postgres, true);
records!(mariadb, sqlx::MySql, false);
records!(mysql, sqlx::MySql, true);

/// The records' table may be in one schema, or database of a server, and the effects in another.
mod schemas {
    use idem_core::store::mysql::MySqlStore;
    use idem_core::store::postgres::PostgresStore;

    use super::*;
    use crate::world::Database;

    async fn pays_once<Db: Database>(world: &World<Db>, store: impl idem_core::tx::TxStore<Database = Db>)
    where
        for<'c> &'c mut Db::Connection: sqlx::Executor<'c, Database = Db>,
    {
        let idem = Idem::builder(store).scope(Scope::public()).build();
        for _ in 0..2 {
            let paid = idem.transaction(OperationKey::new("pay", "k"), async |tx| {
                let insert = format!("INSERT INTO {} VALUES ('once', 1)", world.app.ledger);
                sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut **tx).await.unwrap();
                Ok::<_, Refused>(Db::NAME.to_owned())
            });
            assert_eq!(paid.await.as_deref(), Ok(Db::NAME));
        }
        assert_eq!(world.rows().await, 1);
    }

    #[tokio::test]
    async fn of_postgres_and_mariadb() {
        let name = format!("records_{}", std::process::id());
        if let Some(world) = World::<sqlx::Postgres>::new().await {
            sqlx::Postgres::execute(&world.pool, format!("CREATE SCHEMA IF NOT EXISTS {name}")).await;
            let store =
                PostgresStore::builder(&world.pool).table(format!("{name}.idem")).open().await.unwrap();
            pays_once(&world, store).await;
        }
        if let Some(world) = World::<sqlx::MySql>::new().await {
            sqlx::MySql::execute(&world.pool, format!("CREATE DATABASE IF NOT EXISTS {name}")).await;
            let store = MySqlStore::builder(&world.pool).table(format!("{name}.idem")).open().await.unwrap();
            pays_once(&world, store).await;
        }
    }
}

/// A router whose layer has another store says so before anything runs.
mod cannot_couple {
    use axum::Router;
    use axum::routing::post;
    use idem_core::idempotent;
    use idem_core::tx::PgTx;

    use super::*;
    use crate::world::ask;

    #[idempotent]
    async fn act(#[tx] _tx: &mut PgTx<'_>) -> &'static str {
        unreachable!("there is no transaction to run in")
    }

    #[tokio::test]
    async fn a_store_without_transactions_is_refused_by_name() {
        let idem = Idem::builder(MemoryStore::new()).scope(Scope::header("x-account")).build();
        let router = Router::new().route("/act", post(act)).layer(idem.layer());
        let answer = ask(&router, "k", "").await;
        assert!(answer.is(500, "store-cannot-couple"), "{answer:?}");
    }
}
