//! The store as its callers see it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::builder::SqliteStoreBuilder;
use super::operation::{Answer, Transition, operation};
use super::rules::ROUND;
#[cfg(feature = "sqlite-tx")]
use super::tx::SqliteTxBackend;
use super::worker::Worker;
use super::{reader, schema, writer};
use crate::address::Address;
use crate::protocol::{self, Claim, ClaimOutcome, Namespace, Record, RenewOutcome, Tally, WriteOutcome};
use crate::store::{
    Addressed, Answers, Batch, BoxFuture, Completion, Count, Entry, Forget, Free, MarkUnknown, Page, Release,
    Renewal, Settlement, Store, StoreError, StoreErrorKind, Sweep, SweepCount,
};

/// Records in an SQLite file. Share it behind an `Arc`; see the [module](super).
///
/// Dropped, it still carries out what it was asked for, on its own threads; [`close`](Self::close) waits for that.
pub struct SqliteStore {
    path: Arc<Path>,
    writer: Worker<writer::Job>,
    reader: Worker<reader::Job>,
    #[cfg(feature = "sqlite-tx")]
    tx_backend: Arc<SqliteTxBackend>,
}

#[cfg(feature = "sqlite-tx")]
impl crate::store::Sealed for SqliteStore {}

#[cfg(feature = "sqlite-tx")]
impl crate::store::TxStore for SqliteStore {
    type Database = sqlx::Sqlite;
}

impl SqliteStore {
    /// Opens the file at `path` with the defaults, creating it where it is missing. The directory must exist.
    ///
    /// # Errors
    /// See [`SqliteStoreBuilder::open`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder(path).open().await
    }

    /// To open the file at `path` with settings of your own.
    #[must_use]
    pub fn builder(path: impl AsRef<Path>) -> SqliteStoreBuilder {
        SqliteStoreBuilder::new(path.as_ref())
    }

    /// The SQL that sets up the tables, for those who migrate by their own means: the n-th text, from 1, leads to
    /// schema version n, and each must run in one transaction. [`open`](Self::open) runs what is missing.
    #[must_use]
    pub const fn migrations() -> &'static [&'static str] {
        schema::MIGRATIONS
    }

    /// Takes no more operations (they fail as [`Unavailable`](StoreErrorKind::Unavailable)), and returns when those
    /// that wait are done and the file is closed.
    ///
    /// # Cancel safety
    /// A dropped future leaves the store closing all the same.
    pub async fn close(&self) {
        // The writer last: the last connection to close tidies the write-ahead log away.
        self.reader.close().await;
        self.writer.close().await;
    }

    pub(super) fn new(
        path: Arc<Path>,
        writer: Worker<writer::Job>,
        reader: Worker<reader::Job>,
        #[cfg(feature = "sqlite-tx")] tx_backend: Arc<SqliteTxBackend>,
    ) -> Self {
        Self {
            path,
            writer,
            reader,
            #[cfg(feature = "sqlite-tx")]
            tx_backend,
        }
    }

    /// Returns when the writing thread has ended.
    #[cfg(test)]
    pub(super) fn writer_ended(&self) -> impl Future<Output = ()> + use<> {
        self.writer.ended()
    }

    fn submit<R, T>(&self, request: R, transition: Transition<R, T>) -> Result<Answer<T>, StoreError>
    where
        R: Addressed + Send + 'static,
        T: Send + 'static,
    {
        let (operation, answer) = operation(request, transition);
        self.writer.send(writer::Job::Operation(operation))?;
        Ok(answer)
    }

    fn change<R, T>(&self, request: R, transition: Transition<R, T>) -> BoxFuture<'_, Result<T, StoreError>>
    where
        R: Addressed + Send + 'static,
        T: Send + 'static,
    {
        Box::pin(async move { wait(self.submit(request, transition)?).await })
    }

    fn change_batch<R, T>(&self, batch: Batch<R>, transition: Transition<R, T>) -> BoxFuture<'_, Answers<T>>
    where
        R: Addressed + Send + 'static,
        T: Send + 'static,
    {
        Box::pin(async move {
            // All are sent before the first is awaited, so that they share a transaction.
            let sent: Vec<_> = batch.into_iter().map(|request| self.submit(request, transition)).collect();
            let mut answers = Vec::with_capacity(sent.len());
            for answer in sent {
                answers.push(match answer {
                    Ok(answer) => wait(answer).await,
                    Err(error) => Err(error),
                });
            }
            answers
        })
    }

    async fn upkeep<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> writer::Job,
    ) -> Result<T, StoreError> {
        let (caller, answer) = oneshot::channel();
        self.writer.send(job(caller))?;
        wait(answer).await
    }

    async fn read<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> reader::Job,
    ) -> Result<T, StoreError> {
        let (caller, answer) = oneshot::channel();
        self.reader.send(job(caller))?;
        wait(answer).await
    }

    async fn sweep_in_steps(&self, sweep: Sweep) -> Result<SweepCount, StoreError> {
        let mut total = SweepCount::default();
        let mut left = sweep.limit;
        while left > 0 {
            let step = Sweep { limit: left.min(ROUND), ..sweep.clone() };
            let asked = step.limit;
            let count = match self.upkeep(|caller| writer::Job::Sweep(step, caller)).await {
                Ok(count) => count,
                // What was moved is moved, so "nothing was applied" would be untrue.
                Err(_) if total != SweepCount::default() => break,
                Err(error) => return Err(error),
            };
            total.unknown += count.unknown;
            total.released += count.released;
            let moved = count.unknown + count.released;
            left = left.saturating_sub(moved);
            if moved < asked {
                break;
            }
        }
        Ok(total)
    }

    async fn reap_in_steps(&self, limit: usize) -> Result<usize, StoreError> {
        let mut total = 0;
        while total < limit {
            let step = (limit - total).min(ROUND);
            let reaped = match self.upkeep(|caller| writer::Job::Reap(step, caller)).await {
                Ok(reaped) => reaped,
                Err(_) if total > 0 => break,
                Err(error) => return Err(error),
            };
            total += reaped;
            if reaped < step {
                break;
            }
        }
        Ok(total)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

async fn wait<T>(answer: Answer<T>) -> Result<T, StoreError> {
    answer.await.unwrap_or_else(|_| {
        Err(StoreError::new(StoreErrorKind::Undecided, "the store's thread ended before it answered"))
    })
}

const CLAIM: Transition<Claim, ClaimOutcome> = |claim, record, now| protocol::claim(record, claim, now);
const COMPLETE: Transition<Completion, WriteOutcome> =
    |c, record, now| protocol::complete(record, c.owner, &c.reply, c.retention, now);
const RELEASE: Transition<Release, WriteOutcome> =
    |r, record, now| protocol::release(record, r.owner, r.retention, now);
const MARK_UNKNOWN: Transition<MarkUnknown, WriteOutcome> =
    |s, record, _| protocol::mark_unknown(record, s.owner);
const RENEW: Transition<Renewal, RenewOutcome> =
    |r, record, now| protocol::renew(record, r.owner, r.lease, now);
const SETTLE: Transition<Settlement, WriteOutcome> =
    |s, record, now| protocol::settle(record, &s.namespace, s.seen, &s.verdict, &s.order, s.retention, now);
const FREE: Transition<Free, WriteOutcome> =
    |f, record, now| protocol::free(record, &f.namespace, f.seen, &f.order, f.retention, now);
const FORGET: Transition<Forget, WriteOutcome> =
    |f, record, _| protocol::forget(record, &f.namespace, f.seen);

impl Store for SqliteStore {
    #[cfg(feature = "sqlite-tx")]
    fn tx_backends(self: Arc<Self>, tx_backends: &mut crate::store::TxBackends) {
        tx_backends.add::<sqlx::Sqlite>(Arc::clone(&self.tx_backend) as _);
    }

    fn claim(&self, claim: Claim) -> BoxFuture<'_, Result<ClaimOutcome, StoreError>> {
        self.change(claim, CLAIM)
    }

    fn complete(&self, completion: Completion) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.change(completion, COMPLETE)
    }

    fn release(&self, release: Release) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.change(release, RELEASE)
    }

    fn mark_unknown(&self, mark: MarkUnknown) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.change(mark, MARK_UNKNOWN)
    }

    fn renew(&self, batch: Batch<Renewal>) -> BoxFuture<'_, Answers<RenewOutcome>> {
        self.change_batch(batch, RENEW)
    }

    fn look_up(&self, address: Address) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        Box::pin(self.read(move |caller| reader::Job::LookUp(address, caller)))
    }

    fn sweep(&self, sweep: Sweep) -> BoxFuture<'_, Result<SweepCount, StoreError>> {
        Box::pin(self.sweep_in_steps(sweep))
    }

    fn reap(&self, limit: usize) -> BoxFuture<'_, Result<usize, StoreError>> {
        Box::pin(self.reap_in_steps(limit))
    }

    fn list(&self, page: Page) -> BoxFuture<'_, Result<Vec<Entry>, StoreError>> {
        Box::pin(self.read(move |caller| reader::Job::List(page, caller)))
    }

    fn count(&self, count: Count) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(self.read(move |caller| reader::Job::Count(count, caller)))
    }

    fn tally(&self, namespace: Namespace) -> BoxFuture<'_, Result<Tally, StoreError>> {
        Box::pin(self.read(move |caller| reader::Job::Tally(namespace, caller)))
    }

    fn settle(&self, settlement: Settlement) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.change(settlement, SETTLE)
    }

    fn free(&self, freeing: Free) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.change(freeing, FREE)
    }

    fn forget(&self, forgetting: Forget) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.change(forgetting, FORGET)
    }

    fn claim_batch(&self, batch: Batch<Claim>) -> BoxFuture<'_, Answers<ClaimOutcome>> {
        self.change_batch(batch, CLAIM)
    }

    fn complete_batch(&self, batch: Batch<Completion>) -> BoxFuture<'_, Answers<WriteOutcome>> {
        self.change_batch(batch, COMPLETE)
    }

    fn release_batch(&self, batch: Batch<Release>) -> BoxFuture<'_, Answers<WriteOutcome>> {
        self.change_batch(batch, RELEASE)
    }

    fn mark_unknown_batch(&self, batch: Batch<MarkUnknown>) -> BoxFuture<'_, Answers<WriteOutcome>> {
        self.change_batch(batch, MARK_UNKNOWN)
    }
}
