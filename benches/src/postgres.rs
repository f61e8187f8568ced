//! PostgreSQL: idem against what one writes by hand on the same driver.

use std::sync::Arc;

use idem_core::store::postgres::PostgresStore;
use idem_testing::servers::{Postgres, require};
use sqlx::postgres::{PgPool, PgPoolOptions};

use crate::contender::{BODY, Contender, Idem, KNOWN, Work, known};
use crate::table::{Field, sync_latency};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS hand_written (
    key text PRIMARY KEY, fingerprint bytea NOT NULL, status smallint NOT NULL DEFAULT 0, reply bytea,
    created timestamptz NOT NULL DEFAULT now())";

pub(crate) async fn run(turns: usize) {
    for (durability, settings) in [
        (
            "commits asynchronous",
            [("fsync", "on"), ("synchronous_commit", "off"), ("full_page_writes", "on")],
        ),
        ("commits synchronous", [("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on")]),
    ] {
        let builder = Postgres::builder().setting("shared_buffers", "256MB").setting("max_wal_size", "4GB");
        let builder = settings.iter().fold(builder, |builder, (name, value)| builder.setting(*name, *value));
        let Some(server) = require(builder.start()) else { return };
        let url = server.url();
        let store = PostgresStore::connect(&url).await.expect("a store");
        let field = Field {
            title: format!(
                "PostgreSQL through sqlx, {durability}, a sync takes {}, bodies of {BODY} bytes",
                sync_latency()
            ),
            idem: Arc::new(Idem(Arc::new(store))),
            others: vec![
                ("hand-written, sqlx's default pool", Arc::new(HandWritten(pool(&url, 10, true).await))),
                ("hand-written, pool tuned (no ping)", Arc::new(HandWritten(pool(&url, 10, false).await))),
                ("in the handler's transaction", Arc::new(InTransaction(pool(&url, 10, false).await))),
                ("bare driver: statements that do nothing", Arc::new(Bare(pool(&url, 10, false).await))),
            ],
        };
        field.run(&[1, 16, 64, 256], turns).await;
    }
}

async fn pool(url: &str, connections: u32, ping: bool) -> PgPool {
    let options = PgPoolOptions::new().max_connections(connections).test_before_acquire(ping);
    let pool = options.connect(url).await.expect("a pool");
    sqlx::query(TABLE).execute(&pool).await.expect("a table");
    pool
}

/// INSERT … ON CONFLICT DO NOTHING, then UPDATE; SELECT to replay. No fence, no lease, no mismatch check: what is
/// compared is its speed.
struct HandWritten(PgPool);

impl Contender for HandWritten {
    fn run(&self, key: String) -> Work<'_> {
        Box::pin(async move {
            let fingerprint = [7_u8; 32];
            let inserted = sqlx::query(
                "INSERT INTO hand_written (key, fingerprint) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
            )
            .bind(&key)
            .bind(&fingerprint[..])
            .execute(&self.0)
            .await
            .expect("an insert");
            if inserted.rows_affected() == 1 {
                sqlx::query("UPDATE hand_written SET status = 1, reply = $2 WHERE key = $1")
                    .bind(&key)
                    .bind(vec![7_u8; BODY])
                    .execute(&self.0)
                    .await
                    .expect("an update");
            }
        })
    }

    fn replay(&self) -> Work<'_> {
        Box::pin(async {
            let row: (Vec<u8>, i16, Option<Vec<u8>>) =
                sqlx::query_as("SELECT fingerprint, status, reply FROM hand_written WHERE key = $1")
                    .bind(known(fastrand::usize(..KNOWN)))
                    .fetch_one(&self.0)
                    .await
                    .expect("a row");
            assert_eq!(row.2.map(|reply| reply.len()), Some(BODY));
        })
    }
}

/// The key is inserted, and its answer written, in the one transaction that a handler would hold: how "Zero to
/// Production in Rust", chapter 10, does it.
struct InTransaction(PgPool);

impl Contender for InTransaction {
    fn run(&self, key: String) -> Work<'_> {
        Box::pin(async move {
            let mut transaction = self.0.begin().await.expect("a transaction");
            sqlx::query(
                "INSERT INTO hand_written (key, fingerprint) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
            )
            .bind(&key)
            .bind(&[7_u8; 32][..])
            .execute(&mut *transaction)
            .await
            .expect("an insert");
            sqlx::query("UPDATE hand_written SET status = 1, reply = $2 WHERE key = $1")
                .bind(&key)
                .bind(vec![7_u8; BODY])
                .execute(&mut *transaction)
                .await
                .expect("an update");
            transaction.commit().await.expect("a commit");
        })
    }

    fn replay(&self) -> Work<'_> {
        Box::pin(async {
            let _row = sqlx::query("SELECT reply FROM hand_written WHERE key = $1")
                .bind(known(fastrand::usize(..KNOWN)))
                .fetch_one(&self.0)
                .await
                .expect("a row");
        })
    }

    fn prepare(&self) -> Work<'_> {
        Box::pin(async {})
    }
}

/// Two statements that do nothing: what the driver and the round trips cost by themselves.
struct Bare(PgPool);

impl Contender for Bare {
    fn run(&self, _: String) -> Work<'_> {
        Box::pin(async {
            for _ in 0..2 {
                let _one =
                    sqlx::query("SELECT $1::bytea").bind(vec![7_u8; BODY]).execute(&self.0).await.expect("1");
            }
        })
    }

    fn replay(&self) -> Work<'_> {
        Box::pin(async {
            let _one =
                sqlx::query("SELECT $1::bytea").bind(vec![7_u8; BODY]).execute(&self.0).await.expect("1");
        })
    }

    fn prepare(&self) -> Work<'_> {
        Box::pin(async {})
    }
}
