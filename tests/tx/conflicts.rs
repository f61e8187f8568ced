//! The database undoes one transaction for the sake of another: the caller is told to come again, or the handler runs
//! again.

use std::error::Error;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use axum::{Json, Router};
use idem_core::idempotent;
use idem_core::tx::{MayConflict, MySqlTx, PgTx, is_conflict};
use sqlx::{AssertSqlSafe, MySql, Postgres};
use tokio::task::JoinHandle;

use crate::world::{Answer, App, Database, World, ask, soon};

/// The error is its source.
#[derive(Debug, thiserror::Error)]
#[error("the ledger")]
struct Sourced(#[source] sqlx::Error);

/// Stands in for the driver's error, whose source it gives as its own.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Transparent(sqlx::Error);

#[derive(Debug, thiserror::Error)]
#[error("deep")]
struct Deep(#[source] Transparent);

/// No error to Rust: it says itself what it is.
#[derive(Debug)]
struct Said(Box<dyn Error + Send + Sync>);

impl MayConflict for Said {
    fn is_conflict(&self) -> bool {
        is_conflict(&*self.0)
    }
}

/// An error that does not tell its source, so that a conflict cannot be recognised.
#[derive(Debug)]
#[expect(dead_code, reason = "shown by `Debug`")]
struct Hidden(String);

macro_rules! failures {
    ($($name:ident($made:expr);)*) => {$(
        impl From<sqlx::Error> for $name {
            fn from(error: sqlx::Error) -> Self {
                let make: fn(sqlx::Error) -> Self = $made;
                make(error)
            }
        }

        impl IntoResponse for $name {
            fn into_response(self) -> Response {
                (StatusCode::INTERNAL_SERVER_ERROR, format!("{self:?}")).into_response()
            }
        }
    )*};
}

failures! {
    Sourced(Self);
    Transparent(Self);
    Deep(|error| Self(Transparent(error)));
    Said(|error| Self(error.into()));
    Hidden(|error| Self(error.to_string()));
}

/// A database with two accounts, and a call that meets another transaction in it.
struct Race<Db: Database> {
    world: World<Db>,
    router: Router,
}

impl<Db: Database> Race<Db> {
    async fn new(handler: MethodRouter<App>) -> Option<Self> {
        let world = World::<Db>::new().await?;
        let accounts = format!("INSERT INTO {} VALUES ('a', 0), ('b', 0)", world.app.ledger);
        Db::execute(&world.pool, accounts).await;
        let layer = world.process().await.layer();
        let router = Router::new().route("/act", handler).layer(layer).with_state(world.app.clone());
        Some(Self { world, router })
    }

    /// A call whose handler holds within its first `holds` runs.
    fn call(&self, holds: u32) -> JoinHandle<Answer> {
        let router = self.router.clone();
        tokio::spawn(async move { ask(&router, "k", &holds.to_string()).await })
    }

    async fn inside(&self) {
        soon("a run holds", self.world.app.inside.notified()).await;
    }

    fn go_on(&self) {
        self.world.app.go_on.notify_one();
    }

    async fn somebody_else(&self) {
        let sql = format!("UPDATE {} SET amount = amount + 10 WHERE note = 'a'", self.world.app.ledger);
        Db::execute(&self.world.pool, sql).await;
    }

    async fn total(&self) -> i64 {
        let sql = format!("SELECT CAST(sum(amount) AS {}) FROM {}", integer::<Db>(), self.world.app.ledger);
        Db::count(&self.world.pool, sql).await
    }
}

fn integer<Db: Database>() -> &'static str {
    if Db::NAME == "PostgreSQL" { "BIGINT" } else { "SIGNED" }
}

fn is_told(answer: &Answer) {
    assert!(answer.is(503, "transaction-conflict") && answer.retry_after && !answer.replayed, "{answer:?}");
}

/// Counts a run, and holds within the first ones.
async fn enter(app: &App, holds: u32) -> u32 {
    let run = app.runs.fetch_add(1, Ordering::SeqCst) + 1;
    if run <= holds {
        app.inside.notify_one();
        app.go_on.notified().await;
    }
    run
}

async fn add(app: &App, tx: &mut PgTx<'_>, holds: u32) -> Result<String, sqlx::Error> {
    // What the transaction sees was fixed by its first statement, which claimed.
    let run = enter(app, holds).await;
    let sql = format!("UPDATE {} SET amount = amount + 1 WHERE note = 'a'", app.ledger);
    sqlx::query(AssertSqlSafe(sql)).execute(&mut **tx).await?;
    Ok(format!("run {run}"))
}

/// A handler with an error of this type that can tell.
macro_rules! telling {
    ($($name:ident: $Error:ty;)*) => {$(
        mod $name {
            use super::*;

            #[idempotent(isolation = serializable)]
            async fn once(
                State(app): State<App>,
                #[tx] tx: &mut PgTx<'_>,
                Json(holds): Json<u32>,
            ) -> Result<String, $Error> {
                Ok(add(&app, tx, holds).await?)
            }

            #[idempotent(isolation = repeatable_read, tx_retries = 1)]
            async fn twice(
                State(app): State<App>,
                #[tx] tx: &mut PgTx<'_>,
                Json(holds): Json<u32>,
            ) -> Result<impl IntoResponse, $Error> {
                Ok(add(&app, tx, holds).await?)
            }

            #[tokio::test]
            async fn without_retries_the_caller_is_told_and_nothing_is_kept() {
                let Some(race) = Race::<Postgres>::new(post(once)).await else { return };
                let call = race.call(1);
                race.inside().await;
                race.somebody_else().await;
                race.go_on();
                is_told(&soon("an answer", call).await.unwrap());
                assert_eq!(race.total().await, 10);
                // The key is as if it had never been used, also for another request.
                let answer = soon("an answer", race.call(0)).await.unwrap();
                assert!(answer.is(200, "run 2") && !answer.replayed, "{answer:?}");
                assert_eq!(race.total().await, 11);
            }

            #[tokio::test]
            async fn with_retries_the_handler_runs_again() {
                let Some(race) = Race::<Postgres>::new(post(twice)).await else { return };
                let call = race.call(1);
                race.inside().await;
                race.somebody_else().await;
                race.go_on();
                let answer = soon("an answer", call).await.unwrap();
                assert!(answer.is(200, "run 2") && !answer.replayed, "{answer:?}");
                let again = soon("a replay", race.call(1)).await.unwrap();
                assert!(again.is(200, "run 2") && again.replayed, "{again:?}");
                assert_eq!((race.total().await, race.world.runs()), (11, 2));
            }

            #[tokio::test]
            async fn retries_come_to_an_end() {
                let Some(race) = Race::<Postgres>::new(post(twice)).await else { return };
                let call = race.call(2);
                for _ in 0..2 {
                    race.inside().await;
                    race.somebody_else().await;
                    race.go_on();
                }
                is_told(&soon("an answer", call).await.unwrap());
                assert_eq!((race.total().await, race.world.runs()), (20, 2));
            }
        }
    )*};
}

telling! {
    sourced: Sourced;
    transparent: Transparent;
    deep: Deep;
    said: Said;
}

#[idempotent(isolation = serializable)]
async fn hidden(
    State(app): State<App>,
    #[tx] tx: &mut PgTx<'_>,
    Json(holds): Json<u32>,
) -> Result<String, Hidden> {
    Ok(add(&app, tx, holds).await?)
}

#[tokio::test]
async fn an_error_that_cannot_tell_is_the_answer() {
    let Some(race) = Race::<Postgres>::new(post(hidden)).await else { return };
    let call = race.call(1);
    race.inside().await;
    race.somebody_else().await;
    race.go_on();
    let answer = soon("an answer", call).await.unwrap();
    assert!(answer.status == 500 && answer.text.contains("could not serialize"), "{answer:?}");
    assert_eq!((race.total().await, race.world.runs()), (10, 1));
}

/// Reads what others write, and writes what others read.
#[idempotent(isolation = serializable)]
async fn skewed(State(app): State<App>, #[tx] tx: &mut PgTx<'_>, Json(holds): Json<u32>) -> String {
    skew(&app, tx, "mine").await;
    format!("run {}", enter(&app, holds).await)
}

#[idempotent(isolation = serializable, tx_retries = 1)]
async fn skewed_twice(State(app): State<App>, #[tx] tx: &mut PgTx<'_>, Json(holds): Json<u32>) -> String {
    skew(&app, tx, "mine").await;
    format!("run {}", enter(&app, holds).await)
}

async fn skew(app: &App, tx: &mut PgTx<'_>, note: &str) {
    let sql = format!("INSERT INTO {0} SELECT '{note}', sum(amount) + 1 FROM {0}", app.ledger);
    sqlx::query(AssertSqlSafe(sql)).execute(&mut **tx).await.unwrap();
}

#[tokio::test]
async fn a_conflict_that_only_the_commit_meets_is_told_or_run_again() {
    for (handler, retried) in [(post(skewed), false), (post(skewed_twice), true)] {
        let Some(race) = Race::<Postgres>::new(handler).await else { return };
        let call = race.call(1);
        race.inside().await;
        let mut other = race.world.pool.begin_with("BEGIN ISOLATION LEVEL SERIALIZABLE").await.unwrap();
        skew(&race.world.app, &mut other, "theirs").await;
        other.commit().await.unwrap();
        race.go_on();
        let answer = soon("an answer", call).await.unwrap();
        if retried {
            assert!(answer.is(200, "run 2") && !answer.replayed, "{answer:?}");
            // The same result as of one transaction after the other.
            assert_eq!((race.total().await, race.world.rows().await), (3, 4));
        } else {
            is_told(&answer);
            assert_eq!((race.total().await, race.world.rows().await), (1, 3));
        }
    }
}

async fn change(app: &App, tx: &mut MySqlTx<'_>, note: &str) -> Result<(), sqlx::Error> {
    let sql = format!("UPDATE {} SET amount = amount + 1 WHERE note = '{note}'", app.ledger);
    sqlx::query(AssertSqlSafe(sql)).execute(&mut **tx).await.map(drop)
}

async fn both(app: &App, tx: &mut MySqlTx<'_>, holds: u32) -> Result<String, sqlx::Error> {
    change(app, tx, "a").await?;
    let run = enter(app, holds).await;
    change(app, tx, "b").await?;
    Ok(format!("run {run}"))
}

#[idempotent]
async fn crossed(
    State(app): State<App>,
    #[tx] tx: &mut MySqlTx<'_>,
    Json(holds): Json<u32>,
) -> Result<String, Transparent> {
    Ok(both(&app, tx, holds).await?)
}

#[idempotent(tx_retries = 1)]
async fn crossed_twice(
    State(app): State<App>,
    #[tx] tx: &mut MySqlTx<'_>,
    Json(holds): Json<u32>,
) -> Result<String, Sourced> {
    Ok(both(&app, tx, holds).await?)
}

/// 1213.
#[tokio::test]
async fn mariadb_tells_a_deadlock() {
    for (handler, retried) in [(post(crossed), false), (post(crossed_twice), true)] {
        let Some(race) = Race::<MySql>::new(handler).await else { return };
        let app = race.world.app.clone();
        let mut other = race.world.pool.begin().await.unwrap();
        // The one that has written less is undone.
        for at in 0..200 {
            let sql = format!("INSERT INTO {} VALUES ('{at}', 0)", app.ledger);
            sqlx::query(AssertSqlSafe(sql)).execute(&mut *other).await.unwrap();
        }
        change(&app, &mut other, "b").await.unwrap();
        let call = race.call(1);
        race.inside().await;
        let other = tokio::spawn(async move {
            change(&app, &mut other, "a").await.unwrap();
            other.commit().await.unwrap();
        });
        race.go_on();
        let answer = soon("an answer", call).await.unwrap();
        soon("the other commits", other).await.unwrap();
        if retried {
            assert!(answer.is(200, "run 2") && !answer.replayed, "{answer:?}");
            assert_eq!((race.total().await, race.world.runs()), (4, 2));
        } else {
            is_told(&answer);
            assert_eq!((race.total().await, race.world.runs()), (2, 1));
            let answer = soon("an answer", race.call(0)).await.unwrap();
            assert!(answer.is(200, "run 2") && !answer.replayed, "{answer:?}");
        }
    }
}

async fn at_once(app: &App, tx: &mut MySqlTx<'_>) -> Result<String, sqlx::Error> {
    let run = app.runs.fetch_add(1, Ordering::SeqCst) + 1;
    if run > 1 {
        app.inside.notify_one();
        app.go_on.notified().await;
    }
    let sql = format!("SELECT amount FROM {} WHERE note = 'a' FOR UPDATE NOWAIT", app.ledger);
    sqlx::query(AssertSqlSafe(sql)).execute(&mut **tx).await?;
    change(app, tx, "a").await?;
    Ok(format!("run {run}"))
}

#[idempotent]
async fn impatient(State(app): State<App>, #[tx] tx: &mut MySqlTx<'_>, _: Json<u32>) -> Result<String, Deep> {
    Ok(at_once(&app, tx).await?)
}

#[idempotent(tx_retries = 1)]
async fn impatient_twice(
    State(app): State<App>,
    #[tx] tx: &mut MySqlTx<'_>,
    _: Json<u32>,
) -> Result<String, Transparent> {
    Ok(at_once(&app, tx).await?)
}

/// 1205.
#[tokio::test]
async fn mariadb_tells_a_lock_that_took_too_long() {
    for (handler, retried) in [(post(impatient), false), (post(impatient_twice), true)] {
        let Some(race) = Race::<MySql>::new(handler).await else { return };
        let mut other = race.world.pool.begin().await.unwrap();
        change(&race.world.app, &mut other, "a").await.unwrap();
        let mut call = race.call(0);
        if !retried {
            is_told(&soon("an answer", call).await.unwrap());
            call = race.call(0);
        }
        race.inside().await;
        other.commit().await.unwrap();
        race.go_on();
        let answer = soon("an answer", call).await.unwrap();
        assert!(answer.is(200, "run 2") && !answer.replayed, "{answer:?}");
        assert_eq!((race.total().await, race.world.runs()), (2, 2));
    }
}
