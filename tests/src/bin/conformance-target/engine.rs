//! From the command line to an [`Idem`].

use idem_core::http::Profile;
use idem_core::store::Store;
use idem_core::store::memory::MemoryStore;
use idem_core::store::mysql::MySqlStore;
use idem_core::store::postgres::PostgresStore;
use idem_core::store::redis::RedisStore;
use idem_core::store::sqlite::SqliteStore;
use idem_core::verify::Verification;
use idem_core::{AfterCrash, Idem, OnError, Scope};

use crate::account::HEADER;
use crate::args::{
    AfterCrashChoice, Args, Framework, OnErrorChoice, ProfileChoice, StoreChoice, VerifyChoice,
};
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
    let idem = Idem::builder(store)
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
        });
    let idem = match args.verify {
        None => idem,
        Some(VerifyChoice::DidNotHappen) => {
            idem.verify("POST /slow", async |_| Ok(Verification::DidNotHappen))
        }
        Some(VerifyChoice::Happened) => idem.verify("POST /slow", async |_| {
            let answer = axum::http::Response::builder().status(201).body(r#"{"found":true}"#)?;
            Ok(Verification::Happened(idem_core::http::reply(&answer)))
        }),
    };
    idem.build().erase()
}
