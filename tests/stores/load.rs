//! Callers that claim and complete without a pause, also while a server does not answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use idem_core::protocol::ClaimOutcome;
use idem_core::store::{Store, StoreError, StoreErrorKind};
use idem_testing::servers::Server;
use tokio::task::JoinSet;

use crate::support::*;

/// Most connections of a store, as its builder's `lanes` says, with the default lanes.
pub(crate) const MOST_CONNECTIONS: i64 = 6 + 2 * 2;

pub(crate) struct Load {
    told: Arc<Told>,
    callers: JoinSet<()>,
}

#[derive(Default)]
struct Told {
    stop: AtomicBool,
    served: AtomicUsize,
    failed: AtomicUsize,
}

impl Load {
    pub(crate) fn start(store: &Arc<dyn Store>, callers: usize) -> Self {
        let told = Arc::new(Told::default());
        let mut tasks = JoinSet::new();
        for caller in 0..callers {
            let (store, told) = (Arc::clone(store), Arc::clone(&told));
            tasks.spawn(async move {
                for number in 0.. {
                    if told.stop.load(Ordering::Relaxed) {
                        return;
                    }
                    match serve(&*store, &format!("load {caller} {number}")).await {
                        Ok(()) => told.served.fetch_add(1, Ordering::Relaxed),
                        Err(error) => {
                            assert!(error.is_transient(), "{error:?}");
                            told.failed.fetch_add(1, Ordering::Relaxed)
                        }
                    };
                }
            });
        }
        Self { told, callers: tasks }
    }

    pub(crate) fn failed(&self) -> usize {
        self.told.failed.load(Ordering::Relaxed)
    }

    /// Until so many more were served.
    pub(crate) async fn serves(&self, more: usize) {
        let before = self.told.served.load(Ordering::Relaxed);
        let served = async || (self.told.served.load(Ordering::Relaxed) >= before + more).then_some(());
        until("callers are served", served).await;
    }

    pub(crate) async fn stop(self) {
        self.told.stop.store(true, Ordering::Relaxed);
        self.callers.join_all().await;
    }
}

async fn serve(store: &dyn Store, key: &str) -> Result<(), StoreError> {
    // An earlier try of this caller, whose answer was lost, holds the key.
    let ClaimOutcome::Won(won) = store.claim(claim(key)).await? else { return Ok(()) };
    store.complete(completion(key, won.owner)).await.map(drop)
}

/// A server that freezes under load: callers are told, and when it goes on they are served and the connections are few again.
pub(crate) async fn frozen_and_thawed(
    store: &Arc<dyn Store>,
    server: &Server,
    mut connections: impl AsyncFnMut() -> i64,
) {
    let load = Load::start(store, 64);
    load.serves(200).await;
    server.freeze().unwrap();
    let before = load.failed();
    until("callers are told", async || (load.failed() > before + 200).then_some(())).await;
    server.thaw().unwrap();
    load.serves(200).await;
    until("what was given up is gone", async || (connections().await <= MOST_CONNECTIONS).then_some(()))
        .await;
    load.stop().await;
}

/// The store says that the server has no connection left, and is served once those that are `held` are closed.
pub(crate) async fn says_that_none_is_left<T>(store: &impl Store, held: Vec<T>) {
    let error = store.claim(claim("k")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("no connection left"), "{error:?}");
    drop(held);
    until("there is one", async || store.claim(claim("k")).await.ok().map(drop)).await;
}

/// A store with a timeout that hardly anything meets: it opens and answers, or says in the usual way that it does not.
pub(crate) async fn bears(opened: Result<impl Store, StoreError>) {
    let told = match opened {
        Ok(store) => store.claim(claim("hasty")).await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = told {
        assert!(error.is_transient(), "{error:?}");
    }
}
