//! The store, as a test holds it.

use std::fmt;

use idem_core::store::{BoxFuture, StoreErrorKind};
use tokio::sync::watch;

use super::state::State;
use super::{Calls, StoreFault};

/// A store around `S` that fails when a test says so; see the [module](super).
///
/// A call counts, and takes its fault, when its future is polled first. What is not told to fail is passed on to `S`.
/// An [`Arc`](std::sync::Arc) of it is a store too, so that the engine has one handle and the test another.
pub struct FaultyStore<S> {
    pub(super) inner: S,
    pub(super) state: watch::Sender<State>,
}

impl<S> FaultyStore<S> {
    /// Around `inner`. It passes everything on at first.
    pub fn new(inner: S) -> Self {
        Self { inner, state: watch::Sender::default() }
    }

    /// The store inside: to look at records without a count and without a fault.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// The next `times` calls of these kinds meet `fault`. What was ordered first strikes first, and before what
    /// [`always`](Self::always) strikes.
    pub fn next(&self, calls: Calls, times: u64, fault: StoreFault) {
        self.state.send_modify(|state| state.order(calls, times, fault));
    }

    /// Every call of these kinds meets `fault` from now on, until [`mend`](Self::mend). For a kind that was ordered twice
    /// the later order counts.
    pub fn always(&self, calls: Calls, fault: StoreFault) {
        self.state.send_modify(|state| state.order_always(calls, fault));
    }

    /// No further call meets a fault. Calls that are held stay so: see [`release_held`](Self::release_held).
    pub fn mend(&self) {
        self.state.send_modify(State::forget_orders);
    }

    /// Lets all calls go on that are held now.
    pub fn release_held(&self) {
        self.state.send_modify(|state| state.releases += 1);
    }

    /// How many calls of these kinds came, those that met a fault among them.
    #[must_use]
    pub fn calls(&self, calls: Calls) -> u64 {
        self.state.borrow().came(calls)
    }

    /// How many calls of these kinds the store inside has answered, also those whose reply was lost or is held.
    #[must_use]
    pub fn applied(&self, calls: Calls) -> u64 {
        self.state.borrow().applied(calls)
    }

    /// How many calls are held now.
    #[must_use]
    pub fn held(&self) -> usize {
        self.state.borrow().held
    }

    /// Waits until at least `count` calls of these kinds came since the store was made.
    pub async fn until_calls(&self, calls: Calls, count: u64) {
        self.until(|state| state.came(calls) >= count).await;
    }

    /// Waits until the store inside has answered at least `count` calls of these kinds since it was made.
    pub async fn until_applied(&self, calls: Calls, count: u64) {
        self.until(|state| state.applied(calls) >= count).await;
    }

    /// Waits until at least `count` calls are held at the same time.
    pub async fn until_held(&self, count: usize) {
        self.until(|state| state.held >= count).await;
    }

    async fn until(&self, holds: impl FnMut(&State) -> bool) {
        // An error is the end of the sender, which `self` holds.
        drop(self.state.subscribe().wait_for(holds).await);
    }

    /// A call of `kind` with what it meets. `apply` is called where it is applied, and `failed` makes its error.
    pub(super) async fn call<'s, T>(
        &'s self,
        kind: Calls,
        apply: impl FnOnce() -> BoxFuture<'s, T>,
        failed: impl FnOnce(StoreErrorKind, &'static str) -> T,
    ) -> T {
        let mut fault = None;
        self.state.send_modify(|state| fault = state.meet(kind));
        match fault {
            None => self.apply(kind, apply).await,
            Some(StoreFault::Refuse) => failed(StoreErrorKind::Unavailable, "the store was told to refuse"),
            Some(StoreFault::LoseRequest) => {
                failed(StoreErrorKind::Undecided, "the store was told to lose the request")
            }
            Some(StoreFault::LoseReply) => {
                drop(self.apply(kind, apply).await);
                failed(StoreErrorKind::Undecided, "the store was told to lose the reply")
            }
            Some(StoreFault::Fail(kind)) => failed(kind, "the store was told to fail"),
            Some(StoreFault::Hold) => {
                self.wait_for_release().await;
                self.apply(kind, apply).await
            }
            Some(StoreFault::HoldReply) => {
                let reply = self.apply(kind, apply).await;
                self.wait_for_release().await;
                reply
            }
            Some(StoreFault::Panic) => panic!("the store was told to panic"),
        }
    }

    async fn apply<'s, T>(&'s self, kind: Calls, apply: impl FnOnce() -> BoxFuture<'s, T>) -> T {
        let reply = apply().await;
        self.state.send_modify(|state| state.note_applied(kind));
        reply
    }

    async fn wait_for_release(&self) {
        let held = Held::new(&self.state);
        let released = |state: &State| state.releases > held.after;
        drop(self.state.subscribe().wait_for(released).await);
    }
}

/// A call that waits. It counts as held until it goes on or is given up.
struct Held<'s> {
    state: &'s watch::Sender<State>,
    /// How often the held calls had been let go when this one began to wait.
    after: u64,
}

impl<'s> Held<'s> {
    fn new(state: &'s watch::Sender<State>) -> Self {
        let mut after = 0;
        state.send_modify(|state| {
            state.held += 1;
            after = state.releases;
        });
        Self { state, after }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.state.send_modify(|state| state.held -= 1);
    }
}

impl<S: fmt::Debug> fmt::Debug for FaultyStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStore").field("inner", &self.inner).finish_non_exhaustive()
    }
}
