//! MariaDB: idem against what one writes by hand on the same driver.

use std::sync::Arc;

use idem_core::store::mysql::MySqlStore;
use idem_testing::servers::{MariaDb, require};
use sqlx::mysql::{MySqlPool, MySqlPoolOptions};

use crate::contender::{BODY, Contender, Idem, KNOWN, Work, known};
use crate::table::{Field, sync_latency};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS hand_written (
    `key` varchar(64) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, fingerprint binary(32) NOT NULL,
    status tinyint NOT NULL DEFAULT 0, reply longblob, created datetime NOT NULL DEFAULT current_timestamp)";

pub(crate) async fn run(turns: usize) {
    for (durability, flush) in [("commits asynchronous", "0"), ("commits synchronous", "1")] {
        let builder = MariaDb::builder()
            .setting("innodb_flush_log_at_trx_commit", flush)
            .setting("innodb_buffer_pool_size", "256M");
        let Some(server) = require(builder.start()) else { return };
        let url = server.url();
        let store = MySqlStore::connect(&url).await.expect("a store");
        let field = Field {
            title: format!(
                "MariaDB through sqlx, {durability}, a sync takes {}, bodies of {BODY} bytes",
                sync_latency()
            ),
            idem: Arc::new(Idem(Arc::new(store))),
            others: vec![
                ("hand-written, sqlx's default pool", Arc::new(HandWritten(pool(&url, true).await))),
                ("hand-written, pool tuned (no ping)", Arc::new(HandWritten(pool(&url, false).await))),
            ],
        };
        field.run(&[1, 16, 64], turns).await;
    }
}

async fn pool(url: &str, ping: bool) -> MySqlPool {
    let options = MySqlPoolOptions::new().max_connections(10).test_before_acquire(ping);
    let pool = options.connect(url).await.expect("a pool");
    sqlx::query(TABLE).execute(&pool).await.expect("a table");
    pool
}

/// INSERT IGNORE, then UPDATE; SELECT to replay.
struct HandWritten(MySqlPool);

impl Contender for HandWritten {
    fn run(&self, key: String) -> Work<'_> {
        Box::pin(async move {
            let inserted = sqlx::query("INSERT IGNORE INTO hand_written (`key`, fingerprint) VALUES (?, ?)")
                .bind(&key)
                .bind(&[7_u8; 32][..])
                .execute(&self.0)
                .await
                .expect("an insert");
            if inserted.rows_affected() == 1 {
                sqlx::query("UPDATE hand_written SET status = 1, reply = ? WHERE `key` = ?")
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
            let row: (Vec<u8>, i8, Option<Vec<u8>>) =
                sqlx::query_as("SELECT fingerprint, status, reply FROM hand_written WHERE `key` = ?")
                    .bind(known(fastrand::usize(..KNOWN)))
                    .fetch_one(&self.0)
                    .await
                    .expect("a row");
            assert_eq!(row.2.map(|reply| reply.len()), Some(BODY));
        })
    }
}
