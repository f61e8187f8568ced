//! From a URL to a store.

use std::error::Error;
use std::sync::Arc;

use idem_core::store::Store;
use idem_core::store::mysql::MySqlStore;
use idem_core::store::postgres::PostgresStore;
use idem_core::store::redis::RedisStore;
use idem_core::store::sqlite::SqliteStore;

pub(crate) async fn open(url: &str) -> Result<Arc<dyn Store>, Box<dyn Error>> {
    Ok(match url.split_once(':') {
        Some(("sqlite", path)) => Arc::new(SqliteStore::open(path).await?),
        Some(("postgres" | "postgresql", _)) => Arc::new(PostgresStore::connect(url).await?),
        Some(("mysql" | "mariadb", _)) => Arc::new(MySqlStore::connect(url).await?),
        Some(("redis" | "rediss", _)) => Arc::new(RedisStore::connect(url).await?),
        _ => return Err("this is not the URL of a store".into()),
    })
}
