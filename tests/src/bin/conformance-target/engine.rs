//! From the command line to an [`Idem`].

use std::time::Duration;

use idem_core::response::Profile;
use idem_core::store::Store;
use idem_core::store::memory::MemoryStore;
use idem_core::store::mysql::MySqlStore;
use idem_core::store::postgres::PostgresStore;
use idem_core::store::redis::RedisStore;
use idem_core::store::sqlite::SqliteStore;
use idem_core::verify::Verification;
use idem_core::{AfterCrash, Idem, OnError, Scope};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use crate::account::HEADER;
use crate::args::{
    AfterCrashChoice, Args, Framework, OnErrorChoice, ProfileChoice, StoreChoice, VerifyChoice,
};
use crate::failure::Failure;
use crate::ledger::Ledger;

/// How long a request waits for a connection of the pool.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the store, on the pool that `/tx` writes with, and sets the defaults that all routes share.
pub(crate) async fn open(args: &Args) -> Result<(Idem, Ledger), Failure> {
    match args.framework {
        Framework::Axum | Framework::Tower => {}
        Framework::Actix => return Err(Failure::NotBuilt("actix framework".into())),
    }
    Ok(match &args.store {
        StoreChoice::Memory => (over(MemoryStore::new(), args), Ledger::Absent),
        StoreChoice::Sqlite(path) => {
            let options = SqliteConnectOptions::new().filename(path).busy_timeout(PATIENCE);
            let pool = SqlitePoolOptions::new().acquire_timeout(PATIENCE).connect_lazy_with(options);
            let store = SqliteStore::builder(path).pool(&pool).open().await?;
            (over(store, args), Ledger::Sqlite(pool))
        }
        StoreChoice::Postgres(url) => {
            let pool = PgPoolOptions::new().acquire_timeout(PATIENCE).connect_lazy(&url.0);
            let pool = pool.map_err(Failure::Url)?;
            (over(PostgresStore::connect(&pool).await?, args), Ledger::Postgres(pool))
        }
        StoreChoice::MySql(url) => {
            let pool = MySqlPoolOptions::new().acquire_timeout(PATIENCE).connect_lazy(&url.0);
            let pool = pool.map_err(Failure::Url)?;
            (over(MySqlStore::connect(&pool).await?, args), Ledger::MySql(pool))
        }
        StoreChoice::Redis(url) => (over(RedisStore::connect(&*url.0).await?, args), Ledger::Absent),
        StoreChoice::Absent(kind) => return Err(Failure::NotBuilt(format!("{kind} store"))),
    })
}

fn over<S: Store>(store: S, args: &Args) -> Idem {
    let idem = Idem::builder(store)
        .scope(Scope::header(HEADER))
        .profile(match args.profile {
            ProfileChoice::Default => Profile::Default,
            ProfileChoice::Draft07 => Profile::Draft07,
        })
        .ttl(args.ttl)
        .lease(args.lease.min(args.ttl))
        .wait(args.wait)
        .max_response_bytes(args.max_response_bytes)
        .max_request_bytes(args.max_request_bytes)
        .on_error(match args.on_error {
            OnErrorChoice::Release => OnError::Release,
            OnErrorChoice::Store => OnError::Store,
            OnErrorChoice::Unknown => OnError::Unknown,
        })
        .after_crash(match args.after_crash {
            AfterCrashChoice::Unknown => AfterCrash::Unknown,
            AfterCrashChoice::Rerun => AfterCrash::Rerun,
        });
    let idem = match args.verify {
        None => idem,
        Some(VerifyChoice::DidNotHappen) => {
            idem.verify("POST /slow", async |_| Ok(Verification::DidNotHappen))
        }
        Some(VerifyChoice::Happened) => idem.verify("POST /slow", async |_| {
            let answer = axum::http::Response::builder().status(201).body(r#"{"found":true}"#)?;
            Ok(Verification::Happened(idem_core::response::reply(&answer)))
        }),
    };
    idem.build().erase()
}
