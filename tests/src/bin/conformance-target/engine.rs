//! From the command line to an [`Idem`].

use idem_core::http::Profile;
use idem_core::store::Store;
use idem_core::store::memory::MemoryStore;
use idem_core::store::mysql::MySqlStore;
use idem_core::store::postgres::PostgresStore;
use idem_core::store::redis::RedisStore;
use idem_core::store::sqlite::SqliteStore;
use idem_core::{AfterCrash, Idem, OnError, Scope};

use crate::account::HEADER;
use crate::args::{AfterCrashChoice, Args, Framework, OnErrorChoice, ProfileChoice, StoreChoice};
use crate::failure::Failure;

/// Opens the store and sets the defaults that all routes share.
pub(crate) async fn open(args: &Args) -> Result<Idem, Failure> {
    match args.framework {
        Framework::Axum => {}
        Framework::Actix => return Err(Failure::NotBuilt("actix framework".into())),
    }
    match &args.store {
        StoreChoice::Memory => Ok(over(MemoryStore::new(), args)),
        StoreChoice::Sqlite(path) => Ok(over(SqliteStore::open(path).await?, args)),
        StoreChoice::Postgres(url) => Ok(over(PostgresStore::connect(&url.0).await?, args)),
        StoreChoice::MySql(url) => Ok(over(MySqlStore::connect(&*url.0).await?, args)),
        StoreChoice::Redis(url) => Ok(over(RedisStore::connect(&*url.0).await?, args)),
        StoreChoice::Absent(kind) => Err(Failure::NotBuilt(format!("{kind} store"))),
    }
}

fn over<S: Store>(store: S, args: &Args) -> Idem {
    Idem::builder(store)
        .scope(Scope::header(HEADER))
        .profile(match args.profile {
            ProfileChoice::Default => Profile::Default,
            ProfileChoice::Draft07 => Profile::Draft07,
        })
        .ttl(args.ttl)
        .lease(args.lease)
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
        })
        .build()
        .erase()
}
