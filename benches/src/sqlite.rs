//! SQLite: idem against the same statements through a pool of one connection.

use std::sync::Arc;

use idem_core::store::sqlite::{Durability, SqliteStore};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::contender::{BODY, Contender, Idem, KNOWN, Work, known};
use crate::table::{Field, sync_latency};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS hand_written (
    key TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, status INTEGER NOT NULL DEFAULT 0, reply BLOB,
    created INTEGER NOT NULL DEFAULT (unixepoch())) STRICT, WITHOUT ROWID";

pub(crate) async fn run(turns: usize) {
    for (durability, ours, theirs) in [
        ("synchronous = FULL", Durability::Full, SqliteSynchronous::Full),
        ("synchronous = NORMAL", Durability::Normal, SqliteSynchronous::Normal),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let file = |name: &str| directory.path().join(name);
        let store = SqliteStore::builder(file("idem.db")).durability(ours).open().await.expect("a store");
        let pool = async |name: &str, connections| {
            let options = SqliteConnectOptions::new()
                .filename(file(name))
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(theirs)
                .busy_timeout(std::time::Duration::from_secs(60));
            let pool = SqlitePoolOptions::new().max_connections(connections).test_before_acquire(false);
            let pool = pool.connect_with(options).await.expect("a pool");
            sqlx::query(TABLE).execute(&pool).await.expect("a table");
            pool
        };
        let field = Field {
            title: format!(
                "SQLite through sqlx, WAL, {durability}, a sync takes {}, bodies of {BODY} bytes",
                sync_latency()
            ),
            idem: Arc::new(Idem(Arc::new(store))),
            others: vec![
                ("hand-written, pool of 1", Arc::new(HandWritten(pool("one.db", 1).await))),
                ("hand-written, pool of 10", Arc::new(HandWritten(pool("ten.db", 10).await))),
            ],
        };
        field.run(&[1, 16, 64], turns).await;
    }
}

struct HandWritten(SqlitePool);

impl Contender for HandWritten {
    fn run(&self, key: String) -> Work<'_> {
        Box::pin(async move {
            let inserted = sqlx::query(
                "INSERT INTO hand_written (key, fingerprint) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
            )
            .bind(&key)
            .bind(&[7_u8; 32][..])
            .execute(&self.0)
            .await
            .expect("an insert");
            if inserted.rows_affected() == 1 {
                sqlx::query("UPDATE hand_written SET status = 1, reply = ? WHERE key = ?")
                    .bind(vec![7_u8; BODY])
                    .bind(&key)
                    .execute(&self.0)
                    .await
                    .expect("an update");
            }
        })
    }

    fn replay(&self) -> Work<'_> {
        Box::pin(async {
            let row: (Vec<u8>, i64, Option<Vec<u8>>) =
                sqlx::query_as("SELECT fingerprint, status, reply FROM hand_written WHERE key = ?")
                    .bind(known(fastrand::usize(..KNOWN)))
                    .fetch_one(&self.0)
                    .await
                    .expect("a row");
            assert_eq!(row.2.map(|reply| reply.len()), Some(BODY));
        })
    }
}
