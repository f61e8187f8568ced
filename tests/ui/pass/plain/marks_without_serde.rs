//! A mark counts around any error, over `on_error`: only what is stored needs serde.

use std::io;

use idem_core::store::memory::MemoryStore;
use idem_core::{
    Ambiguous, Classify, ErrorClass, Final, Idem, NoEffect, OnError, Refused, Scope, idempotent,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();
/// Of the test that runs beside.
static FINAL_RUNS: Runs = Runs::new();

/// Has no serde implementation.
#[derive(Debug)]
enum Bank {
    Io(io::ErrorKind, u64),
    Refused(Refused),
}

impl From<Refused> for Bank {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

fn failed() -> Bank {
    Bank::Io(io::ErrorKind::TimedOut, RUNS.next())
}

#[idempotent(with = idem, key = order, name = "ambiguous")]
async fn ambiguous(idem: &Idem, order: u64) -> Result<u64, Ambiguous<Bank>> {
    Err(Ambiguous(failed()))
}

#[idempotent(with = idem, key = order, name = "no-effect")]
async fn no_effect(idem: &Idem, order: u64) -> Result<u64, NoEffect<Bank>> {
    Err(NoEffect(failed()))
}

#[idempotent(with = idem, key = order, name = "ambiguous-stored", on_error = store)]
async fn ambiguous_stored(idem: &Idem, order: u64) -> Result<u64, Ambiguous<Bank>> {
    Err(Ambiguous(failed()))
}

#[idempotent(with = idem, key = order, name = "no-effect-stored", on_error = store)]
async fn no_effect_stored(idem: &Idem, order: u64) -> Result<u64, NoEffect<Bank>> {
    Err(NoEffect(failed()))
}

type Doubtful<T> = Result<T, Ambiguous<Bank>>;

#[idempotent(with = idem, key = order, name = "alias", on_error = release)]
async fn behind_an_alias(idem: &Idem, order: u64) -> Doubtful<u64> {
    Err(Ambiguous(failed()))
}

#[idempotent(with = idem, key = order, name = "detached", detach)]
async fn detached(idem: Idem, order: u64) -> Doubtful<u64> {
    Err(Ambiguous(failed()))
}

/// The mark around any `E` is known.
#[idempotent(with = idem, key = order, name = "generic")]
async fn generic<E: From<Refused>>(idem: &Idem, order: u64, error: E) -> Result<u64, Ambiguous<E>> {
    RUNS.next();
    Err(Ambiguous(error))
}

/// Says what it means, and may be stored.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum Said {
    Ambiguous(u64),
    NoEffect(u64),
    Final(u64),
    Default(u64),
    Refused(String),
}

impl Classify for Said {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Ambiguous(_) => ErrorClass::Ambiguous,
            Self::NoEffect(_) => ErrorClass::NoEffect,
            Self::Final(_) => ErrorClass::Final,
            Self::Default(_) | Self::Refused(_) => ErrorClass::Default,
        }
    }
}

impl From<Refused> for Said {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.code().to_owned())
    }
}

#[idempotent(with = idem, key = kind, name = "said", on_error = store)]
async fn said(idem: &Idem, kind: &str) -> Result<u64, Said> {
    Err(match kind {
        "ambiguous" => Said::Ambiguous(RUNS.next()),
        "no effect" => Said::NoEffect(RUNS.next()),
        "final" => Said::Final(RUNS.next()),
        _ => Said::Default(RUNS.next()),
    })
}

struct Service<E> {
    idem: Idem,
    error: fn() -> E,
}

impl<E: From<Refused> + Classify + Serialize + DeserializeOwned> Service<E> {
    #[idempotent(with = self.idem, key = order, name = "bounded")]
    async fn bounded(&self, order: u64) -> Result<u64, E> {
        Err((self.error)())
    }
}

fn is_unknown(refused: &Ambiguous<Bank>) -> bool {
    matches!(refused, Ambiguous(Bank::Refused(Refused::OutcomeUnknown)))
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let released = support::idem();
    // What the builder says gives way as well.
    let memory = MemoryStore::new();
    let stored = Idem::builder(memory).scope(Scope::public()).on_error(OnError::Store).build().erase();
    for idem in [&released, &stored] {
        let before = RUNS.total();
        assert!(!is_unknown(&ambiguous(idem, 1).await.unwrap_err()));
        assert!(is_unknown(&ambiguous(idem, 1).await.unwrap_err()));
        assert!(!is_unknown(&ambiguous_stored(idem, 1).await.unwrap_err()));
        assert!(is_unknown(&ambiguous_stored(idem, 1).await.unwrap_err()));
        assert!(!is_unknown(&behind_an_alias(idem, 1).await.unwrap_err()));
        assert!(is_unknown(&behind_an_alias(idem, 1).await.unwrap_err()));
        assert!(!is_unknown(&detached(idem.clone(), 1).await.unwrap_err()));
        assert!(is_unknown(&detached(idem.clone(), 1).await.unwrap_err()));
        assert_eq!(RUNS.total(), before + 4);
        for _ in 0..2 {
            assert!(matches!(no_effect(idem, 1).await, Err(NoEffect(Bank::Io(..)))));
            assert!(matches!(no_effect_stored(idem, 1).await, Err(NoEffect(Bank::Io(..)))));
        }
        assert_eq!(RUNS.total(), before + 8);
        assert!(generic(idem, 1, failed()).await.is_err());
        assert!(is_unknown(&generic(idem, 1, failed()).await.unwrap_err()));
        assert_eq!(RUNS.total(), before + 11, "one body, two errors made for it");
    }
    let unknown = || Err(Said::Refused("outcome-unknown".to_owned()));
    let first = RUNS.total();
    assert_eq!(said(&released, "ambiguous").await, Err(Said::Ambiguous(first + 1)));
    assert_eq!(said(&released, "ambiguous").await, unknown());
    assert_eq!(said(&released, "no effect").await, Err(Said::NoEffect(first + 2)));
    assert_eq!(said(&released, "no effect").await, Err(Said::NoEffect(first + 3)));
    for _ in 0..2 {
        assert_eq!(said(&released, "final").await, Err(Said::Final(first + 4)));
        assert_eq!(said(&released, "default").await, Err(Said::Default(first + 5)));
    }
    let error = || Said::Ambiguous(RUNS.next());
    let service = Service { idem: released.clone(), error };
    assert_eq!(service.bounded(1).await, Err(Said::Ambiguous(first + 6)));
    assert_eq!(service.bounded(1).await, unknown());
}

/// With serde, a mark that is stored comes back.
#[idempotent(with = idem, key = order, name = "final")]
async fn final_one(idem: &Idem, order: u64) -> Result<u64, Final<Said>> {
    Err(Final(Said::Default(FINAL_RUNS.next())))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_final_error_comes_back() {
    let idem = support::idem();
    let first = final_one(&idem, 1).await;
    assert!(first.is_err());
    assert_eq!(final_one(&idem, 1).await, first);
}
