//! What holds on every database.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use idem_core::fault::{self, Fault, points};
use idem_core::tx::{MySqlTx, OperationKey, PgTx, SqliteTx};
use idem_core::{Refused, idempotent};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;

use crate::world::{App, World, ask, soon};

/// What a body does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ask {
    /// What it writes, if anything.
    note: String,
    /// How it ends.
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum End {
    Created,
    Held,
    Unprocessable,
    Unauthorised,
    Failed,
    Panic,
    /// A statement fails, and nobody minds.
    Ignored,
    /// Something outside may have happened.
    Ambiguous,
    /// More than is kept.
    Large,
    /// Fails at the first run, and says which key a call would have.
    Derived,
}

pub(crate) fn ask_for(note: &str, end: End) -> String {
    serde_json::to_string(&Ask { note: note.to_owned(), end }).unwrap()
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ActError {
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("it ends with {0}")]
    Status(StatusCode),
    #[error("nobody knows")]
    Ambiguous,
}

impl IntoResponse for ActError {
    fn into_response(self) -> Response {
        match self {
            Self::Database(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
            Self::Status(status) => status.into_response(),
            Self::Ambiguous => idem_core::Ambiguous(StatusCode::BAD_GATEWAY).into_response(),
        }
    }
}

macro_rules! suite {
    ($name:ident, $Db:ty, $Tx:ident, $dialect:literal) => {
        pub(crate) mod $name {
            use super::*;

            #[idempotent]
            pub(crate) async fn act(
                State(app): State<App>,
                #[tx] tx: &mut $Tx<'_>,
                Json(ask): Json<Ask>,
            ) -> Result<(StatusCode, String), ActError> {
                let run = app.runs.fetch_add(1, Ordering::SeqCst) + 1;
                let insert = format!("INSERT INTO {} VALUES ('{}', 1)", app.ledger, ask.note);
                sqlx::raw_sql(AssertSqlSafe(insert.clone())).execute(&mut **tx).await?;
                match ask.end {
                    End::Created => {}
                    End::Held => {
                        app.inside.notify_one();
                        app.go_on.notified().await;
                    }
                    End::Unprocessable => return Err(ActError::Status(StatusCode::UNPROCESSABLE_ENTITY)),
                    End::Unauthorised => return Err(ActError::Status(StatusCode::UNAUTHORIZED)),
                    End::Failed => return Err(ActError::Status(StatusCode::BAD_GATEWAY)),
                    End::Panic => panic!("as asked"),
                    End::Ambiguous => return Err(ActError::Ambiguous),
                    End::Large => return Ok((StatusCode::CREATED, "x".repeat(2 << 20))),
                    End::Derived => {
                        let key = idem_core::current().unwrap().derive("charge").unwrap();
                        app.derived.lock().unwrap().push(key.as_str().to_owned());
                        if run == 1 {
                            return Err(ActError::Status(StatusCode::BAD_GATEWAY));
                        }
                    }
                    End::Ignored => {
                        let again = sqlx::query(AssertSqlSafe(insert)).execute(&mut **tx).await;
                        assert!(again.is_err(), "the note is unique");
                    }
                }
                Ok((StatusCode::CREATED, format!("run {run}")))
            }

            pub(crate) async fn world() -> Option<(World<$Db>, Router)> {
                crate::world::VARIANT.set($dialect);
                let world = World::<$Db>::new().await?;
                let router = router(&world).await;
                Some((world, router))
            }

            pub(crate) async fn router(world: &World<$Db>) -> Router {
                let layer = world.process().await.layer();
                Router::new().route("/act", post(act)).layer(layer).with_state(world.app.clone())
            }

            #[tokio::test]
            async fn an_effect_and_its_record_commit_together() {
                let Some((world, router)) = world().await else { return };
                let first = ask(&router, "k", &ask_for("a", End::Created)).await;
                assert!(first.is(201, "run 1") && !first.replayed, "{first:?}");
                let again = ask(&router, "k", &ask_for("a", End::Created)).await;
                assert!(again.is(201, "run 1") && again.replayed, "{again:?}");
                // Another process knows it from the record alone.
                let other = self::router(&world).await;
                let again = ask(&other, "k", &ask_for("a", End::Created)).await;
                assert!(again.is(201, "run 1") && again.replayed, "{again:?}");
                let reused = ask(&other, "k", &ask_for("b", End::Created)).await;
                assert!(reused.is(400, "idempotency-key-reused"), "{reused:?}");
                assert_eq!((world.rows().await, world.runs()), (1, 1));
            }

            #[tokio::test]
            async fn a_refusal_keeps_its_record_and_nothing_else() {
                let Some((world, router)) = world().await else { return };
                let body = ask_for("a", End::Unprocessable);
                assert_eq!(ask(&router, "k", &body).await.status, 422);
                let other = self::router(&world).await;
                let again = ask(&other, "k", &body).await;
                assert!(again.status == 422 && again.replayed, "{again:?}");
                assert_eq!((world.rows().await, world.runs()), (0, 1));
            }

            #[tokio::test]
            async fn what_may_pass_keeps_nothing() {
                let Some((world, router)) = world().await else { return };
                for (at, (end, status)) in
                    [(End::Failed, 502), (End::Unauthorised, 401), (End::Panic, 500)].into_iter().enumerate()
                {
                    let body = ask_for("a", end);
                    for run in 1..=2 {
                        let answer = ask(&router, "k", &body).await;
                        assert!(answer.status == status && !answer.replayed, "{answer:?}");
                        assert_eq!(world.runs(), u32::try_from(2 * at + run).unwrap());
                    }
                    assert_eq!(world.rows().await, 0);
                }
                // The key is as if it had never been used.
                let answer = ask(&router, "k", &ask_for("a", End::Created)).await;
                assert!(answer.is(201, "run 7"), "{answer:?}");
                assert_eq!(world.rows().await, 1);
            }

            #[tokio::test]
            async fn success_after_a_statement_failed_is_no_success() {
                let Some((world, router)) = world().await else { return };
                let answer = ask(&router, "k", &ask_for("a", End::Ignored)).await;
                if stringify!($name).starts_with("postgres") {
                    assert!(answer.is(500, "transaction-aborted"), "{answer:?}");
                    assert_eq!(world.rows().await, 0);
                } else {
                    // Here only the statement failed, and the rest is whole.
                    assert!(answer.is(201, "run 1"), "{answer:?}");
                    assert_eq!(world.rows().await, 1);
                }
            }

            #[tokio::test]
            async fn what_may_have_happened_outside_is_unknown() {
                let Some((world, router)) = world().await else { return };
                let body = ask_for("a", End::Ambiguous);
                assert_eq!(ask(&router, "k", &body).await.status, 502);
                let other = self::router(&world).await;
                for router in [router, other] {
                    let again = ask(&router, "k", &body).await;
                    assert!(again.is(409, "outcome-unknown"), "{again:?}");
                }
                assert_eq!((world.rows().await, world.runs()), (0, 1));
            }

            #[tokio::test]
            async fn what_is_too_large_to_keep_commits_its_effects() {
                let Some((world, router)) = world().await else { return };
                let body = ask_for("a", End::Large);
                let first = ask(&router, "k", &body).await;
                assert_eq!((first.status, first.text.len()), (201, 2 << 20));
                let again = ask(&router, "k", &body).await;
                assert!(again.is(409, "result-unavailable"), "{again:?}");
                assert_eq!((world.rows().await, world.runs()), (1, 1));
            }

            #[tokio::test]
            async fn a_re_run_in_a_transaction_derives_the_same_keys() {
                let Some((world, router)) = world().await else { return };
                let body = ask_for("a", End::Derived);
                assert_eq!(ask(&router, "k", &body).await.status, 502);
                let other = self::router(&world).await;
                assert!(ask(&other, "k", &body).await.is(201, "run 2"));
                assert!(ask(&other, "k2", &ask_for("b", End::Derived)).await.is(201, "run 3"));
                let derived = world.app.derived.lock().unwrap().clone();
                assert_eq!(derived[0], derived[1], "the same operation");
                assert_ne!(derived[1], derived[2], "another one");
            }

            #[tokio::test]
            async fn twins_in_one_process_cost_no_connection() {
                let Some((world, router)) = world().await else { return };
                let body = ask_for("a", End::Held);
                let first = tokio::spawn({
                    let (router, body) = (router.clone(), body.clone());
                    async move { ask(&router, "k", &body).await }
                });
                soon("the first runs", world.app.inside.notified()).await;
                // More than the pool has connections.
                for _ in 0..20 {
                    let twin = ask(&router, "k", &body).await;
                    assert!(twin.is(409, "request-in-progress"), "{twin:?}");
                }
                let other = ask(&router, "k", &ask_for("b", End::Held)).await;
                assert!(other.is(400, "idempotency-key-reused"), "{other:?}");
                world.app.go_on.notify_one();
                assert!(soon("it ends", first).await.unwrap().is(201, "run 1"));
                assert!(ask(&router, "k", &body).await.replayed);
                assert_eq!((world.rows().await, world.runs()), (1, 1));
            }

            #[tokio::test]
            async fn a_twin_in_another_process_does_not_run() {
                let Some((world, router)) = world().await else { return };
                let other = self::router(&world).await;
                let body = ask_for("a", End::Held);
                let first = tokio::spawn({
                    let body = body.clone();
                    async move { ask(&router, "k", &body).await }
                });
                soon("the first runs", world.app.inside.notified()).await;
                let waits = stringify!($name) == "sqlite";
                let twin = tokio::spawn({
                    let (other, body) = (other.clone(), body.clone());
                    async move { ask(&other, "k", &body).await }
                });
                if waits {
                    // SQLite has one writer; what is not committed is not to be seen.
                    world.app.go_on.notify_one();
                    let twin = soon("the twin's answer", twin).await.unwrap();
                    assert!(twin.is(201, "run 1") && twin.replayed, "{twin:?}");
                } else {
                    let twin = soon("the twin's answer", twin).await.unwrap();
                    assert!(twin.is(409, "request-in-progress"), "{twin:?}");
                    world.app.go_on.notify_one();
                }
                assert!(soon("it ends", first).await.unwrap().is(201, "run 1"));
                assert!(soon("a replay", ask(&other, "k", &body)).await.replayed);
                assert_eq!((world.rows().await, world.runs()), (1, 1));
            }

            /// What another process's transaction will leave behind is not known before it ends: perhaps an answer to
            /// this very request, although somebody else in this process asks something else under its key.
            #[tokio::test]
            async fn who_waits_behind_another_request_gets_its_own_answer() {
                let Some((world, router)) = world().await else { return };
                let idem = world.process_with(|b| b.wait(std::time::Duration::from_mins(1))).await;
                let other = Router::new().route("/act", post(act)).layer(idem.layer());
                let other = other.with_state(world.app.clone());
                let call = |router: &Router, body: String| {
                    let router = router.clone();
                    tokio::spawn(async move { ask(&router, "k", &body).await })
                };
                let first = call(&router, ask_for("a", End::Held));
                soon("the first runs", world.app.inside.notified()).await;
                let claims = fault::arm(points::TX_CLAIM_BEFORE, Fault::Count);
                let different = call(&other, ask_for("b", End::Held));
                let asked = async {
                    while claims.reached() == 0 {
                        tokio::task::yield_now().await;
                    }
                };
                // SQLite's waits for its turn before that.
                if stringify!($name) != "sqlite" {
                    soon("the other is asked", asked).await;
                }
                let same = call(&other, ask_for("a", End::Held));
                tokio::task::yield_now().await;
                world.app.go_on.notify_one();
                assert!(soon("it ends", first).await.unwrap().is(201, "run 1"));
                let different = soon("an answer", different).await.unwrap();
                assert!(different.is(400, "idempotency-key-reused"), "{different:?}");
                let same = soon("an answer", same).await.unwrap();
                assert!(same.is(201, "run 1") && same.replayed, "{same:?}");
                assert_eq!((world.rows().await, world.runs()), (1, 1));
            }

            #[tokio::test]
            async fn sixty_four_twins_over_four_processes_run_once() {
                let Some((world, _)) = world().await else { return };
                let mut routers = Vec::new();
                for _ in 0..4 {
                    let idem = world.process_with(|b| b.wait(std::time::Duration::from_mins(1))).await;
                    let router = Router::new().route("/act", post(act)).layer(idem.layer());
                    routers.push(router.with_state(world.app.clone()));
                }
                let body = ask_for("a", End::Created);
                let calls: Vec<_> = (0..64)
                    .map(|at| {
                        let (router, body) = (routers[at % 4].clone(), body.clone());
                        tokio::spawn(async move { ask(&router, "k", &body).await })
                    })
                    .collect();
                for call in calls {
                    let answer = soon("an answer", call).await.unwrap();
                    assert!(answer.is(201, "run 1"), "{answer:?}");
                }
                assert_eq!((world.rows().await, world.runs()), (1, 1));
            }

            #[tokio::test]
            async fn a_plain_function_shares_the_guarantee() {
                let Some((world, _)) = world().await else { return };
                let idem = world.process().await;
                let pay = async |amount: i32, fail: bool| {
                    let key = OperationKey::new("pay", "k").fingerprint(&amount);
                    idem.transaction(key, async |tx| {
                        world.app.runs.fetch_add(1, Ordering::SeqCst);
                        let insert = format!("INSERT INTO {} VALUES ('a', {amount})", world.app.ledger);
                        sqlx::query(AssertSqlSafe(insert)).execute(&mut **tx).await.unwrap();
                        if fail { Err(Refused::KeyExpired) } else { Ok(amount) }
                    })
                    .await
                };
                assert_eq!(pay(3, true).await, Err(Refused::KeyExpired));
                assert_eq!(world.rows().await, 0);
                assert_eq!(pay(3, false).await, Ok(3));
                assert_eq!(pay(3, false).await, Ok(3));
                assert_eq!(pay(4, false).await, Err(Refused::KeyReused));
                assert_eq!((world.rows().await, world.runs()), (1, 2));
            }
        }
    };
}

suite!(sqlite, sqlx::Sqlite, SqliteTx, false);
suite!(postgres, sqlx::Postgres, PgTx, false);
suite!(postgres_with_begin, sqlx::Postgres, PgTx, true);
suite!(mariadb, sqlx::MySql, MySqlTx, false);
suite!(mysql, sqlx::MySql, MySqlTx, true);

/// Inside a transaction no other operation of the same store can run, and the running one is known.
mod nested {
    use std::sync::Arc;

    use idem_core::Idem;
    use idem_core::store::sqlite::SqliteStore;

    use super::*;
    use crate::world::Database as _;

    #[idempotent(with = idem, key = key, name = "inner")]
    async fn inner(idem: &Idem<SqliteStore>, key: &str) -> Result<u32, Refused> {
        Ok(1)
    }

    #[tokio::test]
    async fn operations_of_the_same_store_are_refused_at_once() {
        let (directory, path) = sqlx::Sqlite::place().unwrap();
        let pool = sqlx::Sqlite::pool(&path).await;
        let store = Arc::new(sqlx::Sqlite::store(&pool, &path, "").await);
        let idem = Idem::builder(Arc::clone(&store)).scope(idem_core::Scope::public()).build();
        let other = sqlx::Sqlite::place().unwrap();
        let other =
            Idem::builder(SqliteStore::open(&other.1).await.unwrap()).scope(idem_core::Scope::public());
        let other = other.build();
        let key = || OperationKey::new("outer", "k");
        let done = idem
            .transaction(key(), async |_| {
                let current = idem_core::current().unwrap();
                assert_eq!((current.operation(), current.attempt(), current.fence()), ("outer", 1, None));
                let again = idem.transaction(key(), async |_| Ok::<_, Refused>(0)).await;
                assert_eq!(again, Err(Refused::Reentered));
                let further = OperationKey::new("further", "k");
                let further = idem.transaction(further, async |_| Ok::<_, Refused>(0)).await;
                assert_eq!(further, Err(Refused::InsideTransaction));
                // Another store is another matter.
                inner(&other, "k").await
            })
            .await;
        assert_eq!(done, Ok(1));
        assert!(idem_core::current().is_none());
        drop(directory);
    }
}
