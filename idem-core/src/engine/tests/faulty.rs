//! A memory store whose next operations can fail, lose their reply, or hang.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::sync::Semaphore;

use crate::address::Address;
use crate::protocol::{Claim, ClaimOutcome, Nonce, Record, RenewOutcome, WriteOutcome};
use crate::store::memory::MemoryStore;
use crate::store::{
    Answers, Batch, BoxFuture, Completion, Count, Entry, Forget, Free, MarkUnknown, Page, Release, Renewal,
    Settlement, Store, StoreError, StoreErrorKind, Sweep, SweepCount,
};

/// What becomes of an operation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    /// Not applied, and says so.
    Down,
    /// Applied, but the reply is lost.
    ReplyLost,
    /// Not applied, and never answered.
    Hang,
    /// Not applied; the store panics.
    Panic,
    /// Applied once [`FaultyStore::go_on`] is called.
    Slow,
    /// Applied, and answered once [`FaultyStore::go_on`] is called.
    AnswerHeld,
    /// A claim that the store sends twice, as after a broken connection: applied, and once more when
    /// [`FaultyStore::go_on`] is called. Only the second answer is told.
    SentTwice,
    /// Not applied, now or ever.
    Unstorable,
    /// Not applied, lost on the way.
    RequestLost,
    /// Never answered by the runtime that polls it first.
    Sleep,
    /// Applied once [`FaultyStore::go_on`] is called, and never answered by the runtime that polls it first.
    AnswerSleeps,
}

#[derive(Debug)]
pub(super) struct FaultyStore {
    pub(super) inner: MemoryStore,
    claims: Mutex<VecDeque<Fault>>,
    writes: Mutex<VecDeque<Fault>>,
    /// Operations that hang, or wait to go on.
    pub(super) hanging: Semaphore,
    going_on: Semaphore,
    pub(super) claims_seen: AtomicU32,
    /// Who claimed: the nonces of different claims.
    pub(super) nonces: Mutex<Vec<Nonce>>,
    pub(super) renewals: Semaphore,
    pub(super) renew_answer: Mutex<Option<RenewOutcome>>,
    pub(super) sweep_hangs: AtomicBool,
    /// Sweeps that were asked for.
    pub(super) sweeps: Semaphore,
    /// How many of the next renewals panic.
    pub(super) renewals_panic: AtomicU32,
    /// Lists that were given.
    pub(super) lists: Semaphore,
}

impl FaultyStore {
    pub(super) fn new() -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self {
            inner: MemoryStore::new(),
            claims: Mutex::default(),
            writes: Mutex::default(),
            hanging: Semaphore::new(0),
            going_on: Semaphore::new(0),
            claims_seen: AtomicU32::new(0),
            nonces: Mutex::default(),
            renewals: Semaphore::new(0),
            renew_answer: Mutex::new(None),
            sweep_hangs: AtomicBool::new(false),
            sweeps: Semaphore::new(0),
            renewals_panic: AtomicU32::new(0),
            lists: Semaphore::new(0),
        })
    }

    pub(super) fn claims_meet(&self, faults: impl IntoIterator<Item = Fault>) {
        self.claims.lock().unwrap().extend(faults);
    }

    pub(super) fn writes_meet(&self, faults: impl IntoIterator<Item = Fault>) {
        self.writes.lock().unwrap().extend(faults);
    }

    pub(super) fn go_on(&self) {
        self.going_on.add_permits(1);
    }

    pub(super) fn heal(&self) {
        self.claims.lock().unwrap().clear();
        self.writes.lock().unwrap().clear();
    }

    async fn meet<T>(
        &self,
        fault: Option<Fault>,
        operation: BoxFuture<'_, Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match fault {
            None => operation.await,
            Some(Fault::Down) => Err(StoreError::new(StoreErrorKind::Unavailable, "down")),
            Some(Fault::Unstorable) => Err(StoreError::new(StoreErrorKind::Unstorable, "too long")),
            Some(Fault::RequestLost) => Err(StoreError::new(StoreErrorKind::Undecided, "lost on the way")),
            Some(Fault::ReplyLost) => {
                drop(operation.await);
                Err(StoreError::new(StoreErrorKind::Undecided, "reply lost"))
            }
            Some(Fault::Slow | Fault::SentTwice) => {
                self.hanging.add_permits(1);
                self.going_on.acquire().await.unwrap().forget();
                operation.await
            }
            Some(Fault::AnswerHeld) => {
                let answer = operation.await;
                self.hanging.add_permits(1);
                self.going_on.acquire().await.unwrap().forget();
                answer
            }
            Some(Fault::AnswerSleeps) => {
                self.hanging.add_permits(1);
                self.going_on.acquire().await.unwrap().forget();
                let answer = operation.await;
                self.hanging.add_permits(1);
                tokio::time::sleep(std::time::Duration::from_hours(1)).await;
                answer
            }
            Some(Fault::Sleep) => {
                self.hanging.add_permits(1);
                tokio::time::sleep(std::time::Duration::from_hours(1)).await;
                operation.await
            }
            Some(Fault::Panic) => panic!("the store panics"),
            Some(Fault::Hang) => {
                self.hanging.add_permits(1);
                std::future::pending().await
            }
        }
    }

    fn write<'a>(
        &'a self,
        operation: BoxFuture<'a, Result<WriteOutcome, StoreError>>,
    ) -> BoxFuture<'a, Result<WriteOutcome, StoreError>> {
        let fault = self.writes.lock().unwrap().pop_front();
        Box::pin(self.meet(fault, operation))
    }
}

impl Store for FaultyStore {
    fn claim(&self, claim: Claim) -> BoxFuture<'_, Result<ClaimOutcome, StoreError>> {
        self.claims_seen.fetch_add(1, Ordering::SeqCst);
        let mut nonces = self.nonces.lock().unwrap();
        if !nonces.contains(&claim.nonce) {
            nonces.push(claim.nonce);
        }
        drop(nonces);
        let fault = self.claims.lock().unwrap().pop_front();
        // Lazily, so that a dropped question that hangs was never asked.
        Box::pin(async move {
            if matches!(fault, Some(Fault::SentTwice)) {
                drop(self.inner.claim(claim.clone()).await);
            }
            self.meet(fault, Box::pin(async { self.inner.claim(claim).await })).await
        })
    }

    fn complete(&self, completion: Completion) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.write(Box::pin(async { self.inner.complete(completion).await }))
    }

    fn release(&self, release: Release) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.write(Box::pin(async { self.inner.release(release).await }))
    }

    fn mark_unknown(&self, mark: MarkUnknown) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.write(Box::pin(async { self.inner.mark_unknown(mark).await }))
    }

    fn renew(&self, batch: Batch<Renewal>) -> BoxFuture<'_, Answers<RenewOutcome>> {
        let panics = |left: u32| left.checked_sub(1);
        let panics = self.renewals_panic.fetch_update(Ordering::SeqCst, Ordering::SeqCst, panics).is_ok();
        assert!(!panics, "the store panics");
        Box::pin(async move {
            let forced = *self.renew_answer.lock().unwrap();
            let answers = match forced {
                Some(answer) => batch.into_iter().map(|_| Ok(answer)).collect(),
                None => self.inner.renew(batch).await,
            };
            self.renewals.add_permits(1);
            answers
        })
    }

    fn look_up(&self, address: Address) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.inner.look_up(address)
    }

    fn sweep(&self, sweep: Sweep) -> BoxFuture<'_, Result<SweepCount, StoreError>> {
        self.sweeps.add_permits(1);
        Box::pin(async move {
            if self.sweep_hangs.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            self.inner.sweep(sweep).await
        })
    }

    fn reap(&self, limit: usize) -> BoxFuture<'_, Result<usize, StoreError>> {
        self.inner.reap(limit)
    }

    fn list(&self, page: Page) -> BoxFuture<'_, Result<Vec<Entry>, StoreError>> {
        self.lists.add_permits(1);
        self.inner.list(page)
    }

    fn count(&self, count: Count) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.inner.count(count)
    }

    fn settle(&self, settlement: Settlement) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.write(Box::pin(async { self.inner.settle(settlement).await }))
    }

    fn free(&self, freeing: Free) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.write(Box::pin(async { self.inner.free(freeing).await }))
    }

    fn forget(&self, forgetting: Forget) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.inner.forget(forgetting)
    }
}
