//! Bytes on disk, or in Redis's memory, for each completed record, above address (32), fingerprint (32) and reply.

use std::sync::Arc;

use idem_core::store::mysql::MySqlStore;
use idem_core::store::postgres::PostgresStore;
use idem_core::store::redis::RedisStore;
use idem_core::store::sqlite::{Durability, SqliteStore};
use idem_testing::servers::{MariaDb, Postgres, Redis, require};

use crate::contender::{BODY, Contender, Idem};

const RECORDS: u64 = 100_000;

pub(crate) async fn run() {
    println!(
        "\nBytes for each of {RECORDS} completed records above address, fingerprint and a reply of {BODY} bytes"
    );
    sqlite().await;
    postgres().await;
    mariadb().await;
    redis().await;
}

async fn fill(contender: Idem) {
    let contender = Arc::new(contender);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let contender = Arc::clone(&contender);
        tasks.spawn(async move {
            for _ in 0..RECORDS / 64 {
                contender.pair().await;
            }
        });
    }
    tasks.join_all().await;
}

#[allow(clippy::cast_precision_loss)]
fn above(bytes: u64, payload: u64) -> f64 {
    let records = RECORDS / 64 * 64;
    bytes as f64 / records as f64 - payload as f64
}

const PAYLOAD: u64 = 32 + 32 + BODY as u64;

async fn sqlite() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("idem.db");
    let store =
        Arc::new(SqliteStore::builder(&path).durability(Durability::Normal).open().await.expect("a store"));
    fill(Idem(Arc::clone(&store) as _)).await;
    store.close().await;
    let bytes = std::fs::metadata(&path).expect("a file").len();
    println!("  SQLite      {:.0}  (the file)", above(bytes, PAYLOAD));
}

async fn postgres() {
    let Some(server) = require(Postgres::start()) else { return };
    fill(Idem(Arc::new(PostgresStore::connect(&server.url()).await.expect("a store")))).await;
    let pool = sqlx::PgPool::connect(&server.url()).await.expect("a pool");
    let size = async || -> (i64, i64) {
        sqlx::query_as("SELECT pg_table_size('idem_record'), pg_indexes_size('idem_record')")
            .fetch_one(&pool)
            .await
            .expect("a size")
    };
    let (table, indexes) = size().await;
    let bytes = u64::try_from(table + indexes).expect("a size");
    println!("  PostgreSQL  {:.0}  (table and indexes, as filled)", above(bytes, PAYLOAD));
    // What each record adds once vacuum has freed the claims' own versions for those that follow.
    sqlx::query("VACUUM idem_record").execute(&pool).await.expect("a vacuum");
    let before = size().await;
    fill(Idem(Arc::new(PostgresStore::connect(&server.url()).await.expect("a store")))).await;
    sqlx::query("VACUUM idem_record").execute(&pool).await.expect("a vacuum");
    let after = size().await;
    let bytes = u64::try_from(after.0 + after.1 - before.0 - before.1).expect("a size");
    println!("  PostgreSQL  {:.0}  (the next as many, after a vacuum)", above(bytes, PAYLOAD));
}

async fn mariadb() {
    let Some(server) = require(MariaDb::start()) else { return };
    fill(Idem(Arc::new(MySqlStore::connect(&server.url()).await.expect("a store")))).await;
    let pool = sqlx::MySqlPool::connect(&server.url()).await.expect("a pool");
    let size = "SELECT CAST(SUM(FILE_SIZE) AS UNSIGNED) FROM information_schema.INNODB_SYS_TABLESPACES \
                WHERE NAME LIKE '%idem_record'";
    let bytes: u64 = sqlx::query_scalar(size).fetch_one(&pool).await.expect("a size");
    println!("  MariaDB     {:.0}  (the tablespace)", above(bytes, PAYLOAD));
}

async fn redis() {
    let Some(server) = require(Redis::start()) else { return };
    let client = ::redis::Client::open(server.url()).expect("a URL");
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let mut used = async || -> u64 {
        let text: String =
            ::redis::cmd("INFO").arg("memory").query_async(&mut connection).await.expect("INFO");
        let line = text.lines().find_map(|line| line.strip_prefix("used_memory:"));
        line.and_then(|bytes| bytes.trim().parse().ok()).expect("a number")
    };
    let before = used().await;
    fill(Idem(Arc::new(RedisStore::connect(&server.url()).await.expect("a store")))).await;
    println!("  Redis       {:.0}  (used_memory)", above(used().await - before, PAYLOAD));
}
