//! Calls whose claims were handed to the store and that are not polled any more: by a caller that holds the future, or
//! by a runtime whose thread is blocked. They hinder no other call, and the key does not wait for them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use idem_core::store::Store;
use idem_core::store::sqlite::SqliteStore;
use idem_core::{Idem, Refused, Scope, idempotent};

use crate::servers::Place;
use crate::support::{is_pending, until};

/// A claim that is won for a call which is not polled is given back within a third of it.
const LEASE: Duration = Duration::from_secs(3);
/// More than a store has lanes and connections.
const HELD: usize = 40;
/// Reaching it is a failure, not slowness.
const TOO_LONG: Duration = Duration::from_mins(1);

type AnyIdem = Idem<Arc<dyn Store>>;
type Call = Pin<Box<dyn Future<Output = Result<u32, Refused>> + Send>>;

#[idempotent(with = idem, key = key, name = "pay")]
async fn pay(idem: AnyIdem, key: String, runs: Arc<AtomicU32>) -> Result<u32, Refused> {
    Ok(runs.fetch_add(1, Ordering::SeqCst) + 1)
}

/// Two engines over one store, as two processes have them.
struct Engines {
    here: AnyIdem,
    elsewhere: AnyIdem,
}

impl Engines {
    fn over(here: Arc<dyn Store>, elsewhere: Arc<dyn Store>) -> Self {
        let engine = |store| Idem::builder(store).scope(Scope::public()).lease(LEASE).build();
        Self { here: engine(here), elsewhere: engine(elsewhere) }
    }

    async fn on(place: &Place) -> Self {
        Self::over(place.open().await, place.open().await)
    }

    async fn on_sqlite(directory: &tempfile::TempDir) -> Self {
        let file = directory.path().join("idem.db");
        let (here, elsewhere) = (SqliteStore::open(&file).await, SqliteStore::open(&file).await);
        Self::over(Arc::new(here.unwrap()), Arc::new(elsewhere.unwrap()))
    }
}

/// One key, and how often it has run.
#[derive(Clone)]
struct Key {
    name: String,
    runs: Arc<AtomicU32>,
}

impl Key {
    fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), runs: Arc::default() }
    }

    fn call(&self, idem: &AnyIdem) -> Call {
        Box::pin(pay(idem.clone(), self.name.clone(), Arc::clone(&self.runs)))
    }

    fn runs(&self) -> u32 {
        self.runs.load(Ordering::SeqCst)
    }

    /// Asks until it is answered.
    async fn is_run_by(&self, idem: &AnyIdem) {
        let what = format!("{} is run", self.name);
        let value = until(&what, async || answered(self.call(idem)).await.ok()).await;
        assert_eq!((value, self.runs()), (1, 1), "{}", self.name);
    }

    /// What a call is told that comes back after the key was run by another caller.
    #[track_caller]
    fn is_truth(&self, told: &Result<u32, Refused>) {
        match told {
            Ok(value) => assert_eq!(*value, 1),
            Err(refused) => assert!(refused.retryable(), "{}: {refused:?}", self.name),
        }
        assert_eq!(self.runs(), 1, "{}: {told:?}", self.name);
    }
}

/// The answer of a call that must have one.
async fn answered(call: Call) -> Result<u32, Refused> {
    tokio::time::timeout(TOO_LONG, call).await.expect("the call is answered")
}

/// Calls that are polled once and then held. One that a fast store answers at once is not among them.
async fn held(idem: &AnyIdem) -> Vec<(Key, Call)> {
    let mut held = Vec::new();
    for number in 0.. {
        if held.len() == HELD {
            break;
        }
        let key = Key::new(format!("held {number}"));
        let mut call = key.call(idem);
        if is_pending(&mut call).await {
            held.push((key, call));
        }
    }
    held
}

/// One test for each case and store. A case is an `async fn(Engines)`.
macro_rules! on_every_store {
    ($($case:ident)*) => {
        on_every_store!(@ postgres Postgres $($case)*);
        on_every_store!(@ mariadb MariaDb $($case)*);
        on_every_store!(@ redis Redis $($case)*);
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let directory = tempfile::tempdir().unwrap();
                    super::$case(super::Engines::on_sqlite(&directory).await).await;
                }
            )*
        }
    };
    (@ $module:ident $server:ident $($case:ident)*) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if let Some(place) = crate::servers::Server::$server.place() {
                        super::$case(super::Engines::on(&place).await).await;
                    }
                }
            )*
        }
    };
}

on_every_store! {
    held_calls_hinder_no_other_call
    a_duplicate_of_a_held_call_is_answered
    the_key_of_a_held_call_is_run_by_another_caller
    a_blocked_runtime_hinders_no_other_runtime
}

async fn held_calls_hinder_no_other_call(engines: Engines) {
    let held = held(&engines.here).await;
    for idem in [&engines.here, &engines.elsewhere] {
        for number in 0..8 {
            let key = Key::new(format!("other {number}"));
            assert!(answered(key.call(idem)).await.is_ok(), "{}", key.name);
        }
    }
    drop(held);
}

async fn a_duplicate_of_a_held_call_is_answered(engines: Engines) {
    let held = held(&engines.here).await;
    for (key, _) in &held {
        // Its claim may have been given back already.
        match answered(key.call(&engines.here)).await {
            Ok(value) => assert_eq!(value, 1),
            Err(refused) => assert!(matches!(refused, Refused::InProgress { .. }), "{refused:?}"),
        }
    }
}

async fn the_key_of_a_held_call_is_run_by_another_caller(engines: Engines) {
    let held = held(&engines.here).await;
    for (number, (key, _)) in held.iter().enumerate() {
        key.is_run_by(if number % 2 == 0 { &engines.here } else { &engines.elsewhere }).await;
    }
    for (key, call) in held {
        let told = answered(call).await;
        key.is_truth(&told);
        key.is_run_by(&engines.elsewhere).await;
    }
}

async fn a_blocked_runtime_hinders_no_other_runtime(engines: Engines) {
    let (handed_over, wait_for_it) = tokio::sync::oneshot::channel();
    let (unblock, blocked) = mpsc::channel::<()>();
    let idem = engines.here.clone();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let held = held(&idem).await;
            let keys: Vec<_> = held.iter().map(|(key, _)| key.clone()).collect();
            handed_over.send(keys).map_err(drop).unwrap();
            // Nothing of this runtime goes on meanwhile.
            blocked.recv().unwrap();
            let mut told = Vec::new();
            for (key, call) in held {
                told.push((key, answered(call).await));
            }
            told
        })
    });
    let keys = wait_for_it.await.unwrap();
    for number in 0..8 {
        let key = Key::new(format!("other {number}"));
        assert!(answered(key.call(&engines.here)).await.is_ok(), "{}", key.name);
    }
    for key in &keys {
        key.is_run_by(&engines.here).await;
    }
    unblock.send(()).unwrap();
    for (key, told) in tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap() {
        key.is_truth(&told);
    }
}
