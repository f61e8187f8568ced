//! From a URL to a store, and to an engine over it.

use std::error::Error;
use std::time::Duration;

use idem_core::store::Store;
use idem_core::store::mysql::MySqlStore;
use idem_core::store::postgres::PostgresStore;
use idem_core::store::redis::RedisStore;
use idem_core::store::sqlite::SqliteStore;
use idem_core::{Idem, Scope};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use crate::app::ACCOUNT;
use crate::args::Args;
use crate::history::History;
use crate::hook::Hook;
use crate::kinds;

/// The engine with its store's type, for handlers that ask for a transaction.
#[derive(Debug, Clone)]
pub(crate) enum Coupled {
    Sqlite(Idem<SqliteStore>),
    Postgres(Idem<PostgresStore>),
    MySql(Idem<MySqlStore>),
    /// This store has no transactions for records.
    Never,
}

/// Of one process of many: the servers have connections for all of them.
const CONNECTIONS: u32 = 3;

pub(crate) async fn open(args: &Args, history: &History) -> Result<(Idem, Coupled), Box<dyn Error>> {
    let url = &*args.store;
    Ok(match url.split_once(':') {
        Some(("sqlite", path)) => {
            let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
            let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_lazy_with(options);
            let idem = engine(SqliteStore::builder(path).pool(&pool).open().await?, args, history);
            (idem.erase(), Coupled::Sqlite(idem))
        }
        Some(("postgres" | "postgresql", _)) => {
            let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_lazy(url)?;
            let idem = engine(PostgresStore::builder(&pool).open().await?, args, history);
            (idem.erase(), Coupled::Postgres(idem))
        }
        Some(("mysql" | "mariadb", _)) => {
            let pool = MySqlPoolOptions::new().max_connections(CONNECTIONS).connect_lazy(url)?;
            let idem = engine(MySqlStore::builder(&pool).open().await?, args, history);
            (idem.erase(), Coupled::MySql(idem))
        }
        Some(("redis" | "rediss", _)) => {
            (engine(RedisStore::connect(url).await?, args, history).erase(), Coupled::Never)
        }
        _ => return Err("this is not the URL of a store".into()),
    })
}

fn engine<S: Store + 'static>(store: S, args: &Args, history: &History) -> Idem<S> {
    let mut builder = Idem::builder(store)
        .scope(Scope::header(ACCOUNT))
        .lease(Duration::from_millis(args.lease))
        .sweep_interval(Duration::from_millis(args.sweep))
        .cache_bytes(args.cache)
        // A process that stood still has lost time, not its store: it must not give up when it wakes.
        .completion_timeout(Duration::from_secs(30));
    if args.verify {
        let hook = Hook::new(args.store.clone(), history.clone());
        for kind in kinds::names() {
            builder = builder.verify(kind, hook.clone());
        }
        builder = builder.verify_after(Duration::ZERO);
    }
    builder.build()
}
