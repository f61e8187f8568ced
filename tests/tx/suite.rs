//! What holds on every database.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use idem_core::tx::{MySqlTx, OperationKey, PgTx, SqliteTx};
use idem_core::{Refused, idempotent};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;

use crate::world::{App, World, ask};

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
    /// Of the address.
    Elsewhere,
    /// Of a header field.
    Stale,
    Failed,
    Panic,
    /// A statement fails, and the handler ignores the error.
    Ignored,
    /// Something outside may have happened.
    Ambiguous,
    /// More than is kept.
    Large,
    /// More than a server takes.
    Huge,
    HugeRefusal,
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
    #[error("the outcome is not known")]
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
                    End::Elsewhere => return Err(ActError::Status(StatusCode::TEMPORARY_REDIRECT)),
                    End::Stale => return Err(ActError::Status(StatusCode::PRECONDITION_FAILED)),
                    End::Failed => return Err(ActError::Status(StatusCode::BAD_GATEWAY)),
                    End::Panic => panic!("as asked"),
                    End::Ambiguous => return Err(ActError::Ambiguous),
                    End::Large => return Ok((StatusCode::CREATED, "x".repeat(2 << 20))),
                    End::Huge => return Ok((StatusCode::CREATED, "x".repeat(9 << 20))),
                    End::HugeRefusal => {
                        return Ok((StatusCode::UNPROCESSABLE_ENTITY, "x".repeat(9 << 20)));
                    }
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
                let ends = [
                    (End::Failed, 502),
                    (End::Unauthorised, 401),
                    (End::Panic, 500),
                    (End::Elsewhere, 307),
                    (End::Stale, 412),
                ];
                for (at, (end, status)) in ends.into_iter().enumerate() {
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
                assert!(answer.is(201, "run 11"), "{answer:?}");
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

            /// MariaDB takes messages of 16 MiB, and a reply is twice as long in hexadecimal digits. It would hang up, and
            /// undo the transaction.
            #[tokio::test]
            async fn what_the_database_never_takes_leaves_a_tombstone_and_commits_its_effects() {
                for (end, status, rows) in [(End::Huge, 201, 1), (End::HugeRefusal, 422, 0)] {
                    let Some((world, _)) = world().await else { return };
                    let body = ask_for("a", end);
                    for again in [false, true] {
                        // Another process each time, which has no reply in its memory.
                        let idem = world.process_with(|idem| idem.max_response_bytes(64 << 20)).await;
                        let router = Router::new().route("/act", post(act)).layer(idem.layer());
                        let answer = ask(&router.with_state(world.app.clone()), "k", &body).await;
                        if again && stringify!($Tx) == "MySqlTx" {
                            assert!(answer.is(409, "result-unavailable"), "{}", answer.status);
                        } else {
                            assert_eq!((answer.status, answer.text.len()), (status, 9 << 20));
                            assert_eq!(answer.replayed, again);
                        }
                    }
                    assert_eq!((world.rows().await, world.runs()), (rows, 1));
                }
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
