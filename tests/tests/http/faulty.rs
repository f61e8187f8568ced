//! A memory store that can be away, or lose a reply.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use idem_core::Address;
use idem_core::protocol::{Claim, ClaimOutcome, Record, RenewOutcome, WriteOutcome};
use idem_core::store::memory::MemoryStore;
use idem_core::store::{
    Answers, Batch, BoxFuture, Completion, Count, Entry, Forget, Free, MarkUnknown, Page, Release, Renewal,
    Settlement, Store, StoreError, StoreErrorKind, Sweep, SweepCount,
};
use tokio::sync::Notify;

/// What operations of a kind meet from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    Down,
}

#[derive(Debug)]
pub(super) struct FaultyStore {
    inner: MemoryStore,
    claims: Mutex<Fault>,
    writes: Mutex<Fault>,
    loses_reply: AtomicBool,
    written: Notify,
}

impl FaultyStore {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            inner: MemoryStore::new(),
            claims: Mutex::new(Fault::None),
            writes: Mutex::new(Fault::None),
            loses_reply: AtomicBool::new(false),
            written: Notify::new(),
        })
    }

    pub(super) fn claims(&self, fault: Fault) {
        *self.claims.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    pub(super) fn writes(&self, fault: Fault) {
        *self.writes.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    pub(super) fn next_reply_of_a_write_is_lost(&self) {
        self.loses_reply.store(true, Ordering::SeqCst);
    }

    /// Comes back once a write has been applied.
    pub(super) async fn written(&self) {
        self.written.notified().await;
    }

    fn write<'a>(
        &'a self,
        operation: BoxFuture<'a, Result<WriteOutcome, StoreError>>,
    ) -> BoxFuture<'a, Result<WriteOutcome, StoreError>> {
        Box::pin(async move {
            meet(&self.writes)?;
            let outcome = operation.await;
            self.written.notify_one();
            if self.loses_reply.swap(false, Ordering::SeqCst) {
                return Err(StoreError::new(StoreErrorKind::Undecided, "the reply was lost"));
            }
            outcome
        })
    }
}

fn meet(fault: &Mutex<Fault>) -> Result<(), StoreError> {
    match *fault.lock().unwrap_or_else(PoisonError::into_inner) {
        Fault::None => Ok(()),
        Fault::Down => Err(StoreError::new(StoreErrorKind::Unavailable, "down")),
    }
}

impl Store for FaultyStore {
    fn claim(&self, claim: Claim) -> BoxFuture<'_, Result<ClaimOutcome, StoreError>> {
        Box::pin(async move {
            meet(&self.claims)?;
            self.inner.claim(claim).await
        })
    }

    fn complete(&self, completion: Completion) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.write(self.inner.complete(completion))
    }

    fn release(&self, release: Release) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.write(self.inner.release(release))
    }

    fn mark_unknown(&self, mark: MarkUnknown) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.write(self.inner.mark_unknown(mark))
    }

    fn renew(&self, batch: Batch<Renewal>) -> BoxFuture<'_, Answers<RenewOutcome>> {
        self.inner.renew(batch)
    }

    fn look_up(&self, address: Address) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.inner.look_up(address)
    }

    fn sweep(&self, sweep: Sweep) -> BoxFuture<'_, Result<SweepCount, StoreError>> {
        self.inner.sweep(sweep)
    }

    fn reap(&self, limit: usize) -> BoxFuture<'_, Result<usize, StoreError>> {
        self.inner.reap(limit)
    }

    fn list(&self, page: Page) -> BoxFuture<'_, Result<Vec<Entry>, StoreError>> {
        self.inner.list(page)
    }

    fn count(&self, count: Count) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.inner.count(count)
    }

    fn settle(&self, settlement: Settlement) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.inner.settle(settlement)
    }

    fn free(&self, freeing: Free) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.inner.free(freeing)
    }

    fn forget(&self, forgetting: Forget) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.inner.forget(forgetting)
    }
}
