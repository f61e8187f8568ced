//! PostgreSQL behind PgBouncer in transaction mode, where each transaction may have another connection of the server.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use idem_core::store::postgres::PostgresStore;
use idem_core::tx::PgTx;
use idem_core::{Idem, Scope, idempotent};
use idem_testing::servers::{PgBouncer, Postgres, require};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::world::{App, ask, soon};

#[idempotent]
async fn pay(
    State(app): State<App>,
    #[tx] tx: &mut PgTx<'_>,
    Json(status): Json<u16>,
) -> (StatusCode, String) {
    app.runs.fetch_add(1, Ordering::SeqCst);
    sqlx::raw_sql("INSERT INTO ledger VALUES (1)").execute(&mut **tx).await.unwrap();
    (StatusCode::from_u16(status).unwrap(), format!("run {}", app.runs.load(Ordering::SeqCst)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn effects_and_records_commit_together() {
    let Some(server) = require(Postgres::start()) else { return };
    let Some(pooler) = require(PgBouncer::start(&server)) else { return };
    let options: PgConnectOptions = pooler.url().parse().unwrap();
    let options = options.extra_float_digits(None).statement_cache_capacity(0);
    for with_begin in [false, true] {
        let pool = PgPoolOptions::new().connect_with(options.clone()).await.unwrap();
        sqlx::raw_sql("DROP TABLE IF EXISTS ledger; CREATE TABLE ledger (amount integer)")
            .execute(&pool)
            .await
            .unwrap();
        let table = if with_begin { "with_begin" } else { "plain" };
        let store =
            PostgresStore::builder(&pool).table(table).through_pooler(true).claim_with_begin(with_begin);
        let layer =
            Idem::builder(store.open().await.unwrap()).scope(Scope::header("x-account")).build().layer();
        let app = App::default();
        let router = Router::new().route("/act", post(pay)).layer(layer).with_state(app.clone());
        let rows = async || -> i64 {
            sqlx::raw_sql("SELECT count(*) FROM ledger")
                .fetch_one(&pool)
                .await
                .and_then(|row| sqlx::Row::try_get(&row, 0))
                .unwrap()
        };
        for (key, status, kept, effects) in [
            ("paid", "201", true, 1),
            ("refused", "422", true, 1),
            ("failed", "500", false, 1),
            ("again", "200", true, 2),
        ] {
            let first = soon("an answer", ask(&router, key, status)).await;
            assert_eq!(first.status.to_string(), status, "{first:?}");
            let second = soon("an answer", ask(&router, key, status)).await;
            assert_eq!(
                (second.text == first.text, second.replayed),
                (kept, kept),
                "{key}: {first:?} {second:?}"
            );
            assert_eq!(rows().await, effects, "{key}");
        }
        // Concurrent calls with the same key, each of which is told the one answer or to come again.
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..48 {
            let router = router.clone();
            tasks.spawn(async move {
                let key = format!("twin-{}", number % 12);
                while soon("an answer", ask(&router, &key, "200")).await.status != 200 {
                    tokio::task::yield_now().await;
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(rows().await, 14);
    }
}
