//! The count of requests, and the faults that wait for their turn.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::Fault;

/// One for all connections of a proxy.
#[derive(Debug)]
pub(super) struct Script {
    state: Mutex<State>,
    /// Faults that are armed and have not struck.
    armed: Arc<watch::Sender<usize>>,
}

#[derive(Debug, Default)]
struct State {
    seen: u64,
    /// By the number of the request they wait for.
    faults: BTreeMap<u64, (Fault, Charge)>,
}

/// Counts as armed until dropped: when the fault has struck, or its connection has ended before it could.
#[derive(Debug)]
pub(super) struct Charge(Arc<watch::Sender<usize>>);

impl Script {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), armed: Arc::new(watch::Sender::new(0)) }
    }

    /// Requests so far.
    pub(super) fn seen(&self) -> u64 {
        self.state().seen
    }

    /// Counts a request; what is to happen to it.
    pub(super) fn next(&self) -> Option<(Fault, Charge)> {
        let mut state = self.state();
        state.seen += 1;
        let number = state.seen;
        state.faults.remove(&number)
    }

    /// Arms `fault` for the `n`-th request from now on, in place of another. Of 0, for the first.
    pub(super) fn arm(&self, n: u64, fault: Fault) {
        let charge = Charge::new(&self.armed);
        let mut state = self.state();
        let number = state.seen.saturating_add(n.max(1));
        let replaced = state.faults.insert(number, (fault, charge));
        drop(state);
        drop(replaced);
    }

    /// Forgets the faults that have not got their request.
    pub(super) fn disarm(&self) {
        let faults = mem::take(&mut self.state().faults);
        drop(faults);
    }

    pub(super) fn armed(&self) -> usize {
        *self.armed.borrow()
    }

    /// Waits until no fault is armed.
    pub(super) async fn spent(&self) {
        // An error is the end of the sender, which is ours.
        drop(self.armed.subscribe().wait_for(|armed| *armed == 0).await);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Charge {
    fn new(armed: &Arc<watch::Sender<usize>>) -> Self {
        armed.send_modify(|armed| *armed += 1);
        Self(Arc::clone(armed))
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.0.send_modify(|armed| *armed -= 1);
    }
}
