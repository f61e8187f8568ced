//! The engine against a store that misbehaves on demand.

mod cancel;
#[cfg(feature = "metrics")]
mod counted;
mod drain;
mod faulty;
mod late;
mod lease;
mod left_behind;
mod lifetimes;
mod limits;
mod lost_reply;
mod namespaces;
mod orders;
mod silent;
mod twins;
mod unclaimed;
mod unpolled;
mod unstorable;
mod verify;
mod verify_rounds;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use self::faulty::FaultyStore;
use crate::plain::{Errors, operation};
use crate::policy::Spec;
use crate::protocol::{Namespace, Record, StateKind};
use crate::store::Store;
use crate::{Address, AfterCrash, Idem, Refused, Scope};

/// Where `run` keeps its record.
fn address(key: &str) -> Address {
    Address::new("", b"", "op", key.as_bytes())
}

/// The one of [`idem`].
fn namespace() -> Namespace {
    Namespace::new("")
}

/// An engine of its own over `store`: as another process would have it.
fn idem(store: &Arc<FaultyStore>) -> Idem<Arc<FaultyStore>> {
    Idem::builder(Arc::clone(store))
        .scope(Scope::public())
        .completion_timeout(Duration::from_millis(200))
        .store_timeout(Duration::from_secs(20))
        .build()
}

const PLAIN: Spec = Spec::new().name("op");
const RERUN: Spec = PLAIN.after_crash(AfterCrash::Rerun);
const WAIT: Spec = PLAIN.wait(30_000);

fn errors<T: serde::Serialize + serde::de::DeserializeOwned>() -> Errors<Result<T, Refused>> {
    Errors::unclassified()
}

/// Calls the operation; its result is how often it has run.
async fn call(
    idem: &Idem<Arc<FaultyStore>>,
    spec: Spec,
    key: &str,
    runs: &AtomicU32,
) -> Result<u32, Refused> {
    let body = async || Ok(runs.fetch_add(1, Ordering::SeqCst) + 1);
    operation(idem, spec).key(key).call(errors()).run(Box::pin(body())).await
}

/// A call whose body waits to be let go.
struct Held {
    leave: Arc<Notify>,
    call: JoinHandle<Result<u32, Refused>>,
}

impl Held {
    /// Starts the call, and returns once its body runs.
    async fn start(
        idem: &Idem<Arc<FaultyStore>>,
        spec: Spec,
        fingerprint: &'static str,
        result: Result<u32, Refused>,
    ) -> Self {
        let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (idem, inside, let_go) = (idem.clone(), Arc::clone(&entered), Arc::clone(&leave));
        let call = tokio::spawn(async move {
            let body = async || {
                inside.notify_one();
                let_go.notified().await;
                result
            };
            operation(&idem, spec)
                .key("k")
                .fingerprint(fingerprint)
                .call(errors())
                .run(Box::pin(body()))
                .await
        });
        entered.notified().await;
        Self { leave, call }
    }

    async fn finish(self) -> Result<u32, Refused> {
        self.leave.notify_one();
        self.call.await.unwrap()
    }
}

async fn record(store: &FaultyStore, key: &str) -> Option<Record> {
    store.look_up(address(key)).await.unwrap()
}

/// Waits for the record to reach `state`: background work has no other event.
async fn reaches(store: &FaultyStore, key: &str, state: StateKind) {
    let looked = async {
        while record(store, key).await.map(|r| r.state.kind()) != Some(state) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looked).await.unwrap_or_else(|_| panic!("never {state}"));
}
