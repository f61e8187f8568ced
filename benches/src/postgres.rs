//! PostgreSQL: idem against what one writes by hand on the same driver.

use std::sync::Arc;

use idem_core::store::postgres::PostgresStore;
use sqlx::postgres::{PgPool, PgPoolOptions};

use crate::contender::{BODY, Contender, Idem, KNOWN, Work, key, known};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS hand_written (
    key text PRIMARY KEY, fingerprint bytea NOT NULL, status smallint NOT NULL DEFAULT 0, reply bytea,
    created timestamptz NOT NULL DEFAULT now())";

pub(crate) async fn idem(url: &str, lanes: usize) -> Arc<dyn Contender> {
    Arc::new(Idem(Arc::new(PostgresStore::builder(url).lanes(lanes).open().await.expect("a store"))))
}

pub(crate) async fn pool(url: &str, connections: u32) -> PgPool {
    let options = PgPoolOptions::new().max_connections(connections).test_before_acquire(false);
    let pool = options.connect(url).await.expect("a pool");
    sqlx::query(TABLE).execute(&pool).await.expect("a table");
    pool
}

/// INSERT … ON CONFLICT DO NOTHING, then UPDATE; SELECT to replay. No fence, no lease, no mismatch check: what is
/// compared is its speed.
pub(crate) struct HandWritten(pub(crate) PgPool);

impl HandWritten {
    async fn run(&self, key: &str) {
        let fingerprint = [7_u8; 32];
        let inserted = sqlx::query(
            "INSERT INTO hand_written (key, fingerprint) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
        )
        .bind(key)
        .bind(&fingerprint[..])
        .execute(&self.0)
        .await
        .expect("an insert");
        if inserted.rows_affected() == 1 {
            sqlx::query("UPDATE hand_written SET status = 1, reply = $2 WHERE key = $1")
                .bind(key)
                .bind(vec![7_u8; BODY])
                .execute(&self.0)
                .await
                .expect("an update");
        }
    }
}

impl Contender for HandWritten {
    fn pair(&self) -> Work<'_> {
        Box::pin(async { self.run(&key()).await })
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

    fn prepare(&self) -> Work<'_> {
        Box::pin(async {
            for number in 0..KNOWN {
                self.run(&known(number)).await;
            }
        })
    }
}

/// The key is inserted, and its answer written, in the one transaction that a handler would hold: how "Zero to
/// Production in Rust", chapter 10, does it.
pub(crate) struct InTransaction(pub(crate) PgPool);

impl Contender for InTransaction {
    fn pair(&self) -> Work<'_> {
        Box::pin(async {
            let key = key();
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
pub(crate) struct Bare(pub(crate) PgPool);

impl Contender for Bare {
    fn pair(&self) -> Work<'_> {
        Box::pin(async {
            for _ in 0..2 {
                let _one = sqlx::query("SELECT $1::bytea").bind(vec![7_u8; BODY]).execute(&self.0).await.expect("1");
            }
        })
    }

    fn replay(&self) -> Work<'_> {
        Box::pin(async {
            let _one = sqlx::query("SELECT $1::bytea").bind(vec![7_u8; BODY]).execute(&self.0).await.expect("1");
        })
    }

    fn prepare(&self) -> Work<'_> {
        Box::pin(async {})
    }
}
