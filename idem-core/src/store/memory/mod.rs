//! Records in this process's memory: for tests, for one process whose keys need not outlive it, and as the yardstick.
//!
//! A sharded map of the project's own, because a cache may evict a running claim. It runs
//! [`protocol`] itself, under one shard's lock, so nothing can be in between. Expired records leave
//! in small steps beside the claims; an unexpired record never does: at the bound, new keys are refused with
//! [`CapacityExceeded`](super::StoreErrorKind::CapacityExceeded).
//!
//! ```
//! use idem_core::{Idem, Scope, store::memory::MemoryStore};
//!
//! let store = MemoryStore::builder().max_records(10_000).build();
//! let idem = Idem::builder(store).scope(Scope::public()).build();
//! # drop(idem);
//! ```
//!
//! **Costs** no I/O. A key takes 220 bytes of the process's memory beside its reply, 270 where each has a scope of its
//! own (resident memory over 500,000 keys); plan with 350, for what the allocator and the server around it keep besides.
//! The memory of records that expired is used again for others, and is not given back to the operating system: a
//! process stays as large as its busiest moment made it. Set the bounds accordingly.
//!
//! **Guarantee:** one key, one effect, one answer, as long as the process lives. A restart forgets every key, so a
//! retry that comes after it runs again; use a durable store where that matters.

mod shard;
mod slab;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::shard::{Shard, Usage};
use super::{
    Answers, Batch, BoxFuture, Completion, Count, Entry, Forget, Free, MarkUnknown, Page, Release, Renewal,
    Settlement, Store, StoreError, StoreErrorKind, Sweep, SweepCount,
};
use crate::address::Address;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::protocol::{
    self, Claim, ClaimOutcome, Namespace, Record, RenewOutcome, Swept, Tally, WriteOutcome,
};

/// A power of two, so that a digest's low bits pick the shard.
const SHARDS: usize = 64;
/// Slots looked at for expiry beside each claim.
const EXPIRY_STEP: usize = 4;
/// How often a full store may be searched for expired records, in microseconds.
const FULL_SEARCH_EVERY: u64 = 50_000;

/// Records in memory. Cheap to share behind an `Arc`; see the [module](self).
pub struct MemoryStore {
    shards: Box<[Mutex<Shard>]>,
    clock: Arc<dyn Clock>,
    max_records: usize,
    max_bytes: usize,
    records: AtomicUsize,
    bytes: AtomicUsize,
    searched: AtomicU64,
}

crate::debug::structure!(MemoryStore: max_records, max_bytes);

/// Sets the bounds of a [`MemoryStore`].
#[derive(Debug, Clone)]
pub struct MemoryStoreBuilder {
    clock: Arc<dyn Clock>,
    max_records: usize,
    max_bytes: usize,
}

impl MemoryStoreBuilder {
    /// New keys are refused while this many records live. Default: 1,000,000.
    #[must_use]
    pub fn max_records(mut self, records: usize) -> Self {
        self.max_records = records;
        self
    }

    /// New keys are refused while the stored replies hold this many bytes or more. A running operation may still
    /// complete beyond it. Default: 1 GiB.
    #[must_use]
    pub fn max_reply_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Reads the time from `clock`. Default: [`SystemClock`].
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The empty store.
    #[must_use]
    pub fn build(self) -> MemoryStore {
        MemoryStore {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            clock: self.clock,
            max_records: self.max_records,
            max_bytes: self.max_bytes,
            records: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            searched: AtomicU64::new(0),
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// An empty store with the default bounds.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// An empty store with bounds of your own.
    #[must_use]
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder { clock: Arc::new(SystemClock), max_records: 1_000_000, max_bytes: 1 << 30 }
    }

    /// How many records live, expired ones that nothing has met yet included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.load(Ordering::Relaxed)
    }

    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, address: Address) -> Option<MutexGuard<'_, Shard>> {
        let at = address.as_bytes()[31] as usize % SHARDS;
        self.shards.get(at).map(|shard| lock(shard))
    }

    /// Runs one transition on one record, and keeps the totals.
    fn with<T>(
        &self,
        address: Address,
        act: impl FnOnce(&mut Option<Record>, Timestamp) -> T,
    ) -> Result<T, StoreError> {
        let Some(mut shard) = self.shard(address) else {
            return Err(StoreError::new(StoreErrorKind::Corrupt, "a shard of the memory store is missing"));
        };
        // Read under the lock, so that no write is stamped before the one it follows.
        let now = self.clock.now();
        let before = shard.usage();
        let answer = shard.with(address, |record| act(record, now));
        self.account(before, shard.usage());
        Ok(answer)
    }

    /// As if an older version of idem had claimed all records.
    #[cfg(test)]
    pub(crate) fn lose_terms(&self) {
        for shard in &self.shards {
            let _through = lock(shard).for_each(|record| {
                record.terms = None;
                ControlFlow::Continue(())
            });
        }
    }

    fn account(&self, before: Usage, after: Usage) {
        self.records.fetch_add(after.records.wrapping_sub(before.records), Ordering::Relaxed);
        self.bytes.fetch_add(after.bytes.wrapping_sub(before.bytes), Ordering::Relaxed);
    }

    fn is_full(&self) -> bool {
        self.records.load(Ordering::Relaxed) >= self.max_records
            || self.bytes.load(Ordering::Relaxed) >= self.max_bytes
    }

    fn claim_now(&self, claim: &Claim) -> Result<ClaimOutcome, StoreError> {
        if self.is_full() {
            self.search_when_full();
        }
        let full = self.is_full();
        let Some(mut shard) = self.shard(claim.address) else {
            return Err(StoreError::new(StoreErrorKind::Corrupt, "a shard of the memory store is missing"));
        };
        let now = self.clock.now();
        let before = shard.usage();
        let answer = if full && !shard.contains(claim.address) {
            Err(StoreError::new(
                StoreErrorKind::CapacityExceeded,
                "the memory store is full of unexpired records: raise its bounds or shorten the retention",
            ))
        } else {
            Ok(shard.with(claim.address, |record| protocol::claim(record, claim, now)))
        };
        // After the claim, which must meet its own record if that has expired: a nonce that ended is spent.
        shard.expire_some(EXPIRY_STEP, now);
        self.account(before, shard.usage());
        answer
    }

    /// At the bound, looks everywhere for expired records, but not at every claim.
    fn search_when_full(&self) {
        let now = self.clock.now().as_micros();
        let last = self.searched.load(Ordering::Relaxed);
        let due = last == 0 || now.saturating_sub(last) >= FULL_SEARCH_EVERY;
        if due && self.searched.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.reap_now(usize::MAX);
        }
    }

    fn reap_now(&self, limit: usize) -> usize {
        let mut reaped = 0;
        for shard in &self.shards {
            let mut shard = lock(shard);
            let now = self.clock.now();
            let before = shard.usage();
            reaped += shard.expire(limit - reaped, now);
            self.account(before, shard.usage());
        }
        reaped
    }

    fn sweep_now(&self, sweep: &Sweep) -> SweepCount {
        let mut count = SweepCount::default();
        for shard in &self.shards {
            let mut shard = lock(shard);
            let now = self.clock.now();
            let swept = shard.for_each(|record| {
                if count.unknown + count.released >= sweep.limit {
                    return ControlFlow::Break(());
                }
                match protocol::sweep(record, &sweep.namespace, sweep.grace, sweep.retention, now) {
                    Swept::Kept => {}
                    Swept::Unknown => count.unknown += 1,
                    Swept::Released => count.released += 1,
                }
                ControlFlow::Continue(())
            });
            if swept.is_break() {
                break;
            }
        }
        count
    }

    fn list_now(&self, page: &Page) -> Vec<Entry> {
        let mut entries = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            entries.extend(
                shard
                    .iter()
                    .filter(|(address, record)| {
                        record.state.kind() == page.state
                            && page.after.is_none_or(|after| *address > after)
                            && page.namespace.sees(record)
                    })
                    .map(|(address, record)| Entry { address, record: record.clone() }),
            );
            entries.sort_by_key(|entry| entry.address);
            entries.truncate(page.limit);
        }
        entries
    }

    fn tally_now(&self, namespace: &Namespace) -> Tally {
        let mut tally = Tally { clock: Some(self.clock.now()), ..Tally::default() };
        for shard in &self.shards {
            lock(shard).iter().for_each(|(_, record)| protocol::tally(&mut tally, record, namespace));
        }
        tally
    }

    fn count_now(&self, count: &Count) -> u64 {
        let counts = |record: &Record| record.state.kind() == count.state && count.namespace.sees(record);
        let in_shard = |shard| lock(shard).iter().filter(|(_, record)| counts(record)).count() as u64;
        self.shards.iter().map(in_shard).sum()
    }
}

/// Nothing that holds this lock can panic halfway through a change.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ready<T: Send + 'static>(value: T) -> BoxFuture<'static, T> {
    Box::pin(std::future::ready(value))
}

impl Store for MemoryStore {
    fn claim(&self, claim: Claim) -> BoxFuture<'_, Result<ClaimOutcome, StoreError>> {
        ready(self.claim_now(&claim))
    }

    fn complete(&self, c: Completion) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        ready(
            self.with(c.address, |record, now| {
                protocol::complete(record, c.owner, &c.reply, c.retention, now)
            }),
        )
    }

    fn release(&self, r: Release) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        ready(self.with(r.address, |record, now| protocol::release(record, r.owner, r.retention, now)))
    }

    fn mark_unknown(&self, s: MarkUnknown) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        ready(self.with(s.address, |record, _| protocol::mark_unknown(record, s.owner)))
    }

    fn renew(&self, batch: Batch<Renewal>) -> BoxFuture<'_, Answers<RenewOutcome>> {
        let renew =
            |r: Renewal| self.with(r.address, |record, now| protocol::renew(record, r.owner, r.lease, now));
        ready(batch.into_iter().map(renew).collect())
    }

    fn look_up(&self, address: Address) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        ready(self.with(address, |record, _| record.clone()))
    }

    fn sweep(&self, sweep: Sweep) -> BoxFuture<'_, Result<SweepCount, StoreError>> {
        ready(Ok(self.sweep_now(&sweep)))
    }

    fn reap(&self, limit: usize) -> BoxFuture<'_, Result<usize, StoreError>> {
        ready(Ok(self.reap_now(limit)))
    }

    fn list(&self, page: Page) -> BoxFuture<'_, Result<Vec<Entry>, StoreError>> {
        ready(Ok(self.list_now(&page)))
    }

    fn count(&self, count: Count) -> BoxFuture<'_, Result<u64, StoreError>> {
        ready(Ok(self.count_now(&count)))
    }

    fn tally(&self, namespace: Namespace) -> BoxFuture<'_, Result<Tally, StoreError>> {
        ready(Ok(self.tally_now(&namespace)))
    }

    fn settle(&self, s: Settlement) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        ready(self.with(s.address, |record, now| {
            protocol::settle(record, &s.namespace, s.seen, &s.verdict, &s.order, s.retention, now)
        }))
    }

    fn free(&self, f: Free) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        ready(self.with(f.address, |record, now| {
            protocol::free(record, &f.namespace, f.seen, &f.order, f.retention, now)
        }))
    }

    fn forget(&self, f: Forget) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        ready(self.with(f.address, |record, _| protocol::forget(record, &f.namespace, f.seen)))
    }

    fn is_local(&self) -> bool {
        true
    }
}
