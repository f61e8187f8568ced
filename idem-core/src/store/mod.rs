//! Where records live: the [`Store`] trait, and the stores that come with idem.
//!
//! A store answers a small set of guarded operations, each decided in one atomic step by what the database returns.
//! [`protocol`](crate::protocol) says what each must do; the conformance suite in the package `idem-testing` checks a
//! store against it, your own too.
//!
//! | store | feature | durable | shared by |
//! |---|---|---|---|
//! | [`MemoryStore`](memory::MemoryStore) | – | no | one process |
//! | [`SqliteStore`](sqlite::SqliteStore) | `sqlite` | yes | processes on one machine |
//! | [`PostgresStore`](postgres::PostgresStore) | `postgres` | as its commits are | processes that share the primary |
//! | [`MySqlStore`](mysql::MySqlStore) | `mysql` | as its commits are | processes that share the primary |
//! | [`RedisStore`](redis::RedisStore) | `redis` | as Redis is set up: a fail-over may lose the last writes | processes that share the server or cluster |
//!
//! Round trips to the server, where an operation travels alone; those that wait together share them:
//!
//! | | PostgreSQL | MariaDB | MySQL | Redis |
//! |---|---|---|---|---|
//! | a new key | 1 | 1 | 1, several at once 2 | 1 |
//! | a replay, a duplicate, a mismatch | 1 | 1 | 2 | 1 |
//! | a completion, release or mark as unknown | 1 | 1 | 1 | 1 |
//! | a take-over, a claim after a release or an expiry | 2 | 2 | 3 | 2 |
//! | a completion that comes too late, or again | 2 | 2 | 2 | 2 |
//! | an order of an operator or a verify hook | 2 | 2 | 2 | 2 |
//! | a tally of what waits | 1 | 1 | 1 | 9, and 1 for each 256 records that wait |
//!
//! ```
//! use idem_core::store::{Store, memory::MemoryStore};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let store = MemoryStore::new();
//! assert_eq!(store.reap(100).await.unwrap(), 0);
//! # });
//! ```

mod batch;
mod error;
pub mod memory;
#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
mod remote;
mod request;
#[cfg(feature = "_tx")]
mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod tallied;
#[cfg(feature = "_tx")]
mod tx;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis", feature = "sqlite"))]
mod unreadable;

pub use batch::{Addressed, Batch};
pub use error::{StoreError, StoreErrorKind};
pub use request::{
    Completion, Count, Entry, Forget, Free, MarkUnknown, Page, Release, Renewal, Settlement, Sweep,
    SweepCount,
};
#[cfg(feature = "postgres")]
pub(crate) use tx::BeginClaiming;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) use tx::Cancel;
#[cfg(feature = "_tx")]
pub(crate) use tx::{
    Begin, Claimed, CommitFault, CommitPermit, Completed, HeldRow, Left, Rivals, TxBackend, TxConnection,
    TxFault,
};
#[cfg(feature = "_tx")]
#[doc(hidden)]
pub use tx::{Isolation, Sealed, TxBackends, TxStore};

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::address::Address;
use crate::protocol::{Claim, ClaimOutcome, Namespace, Record, RenewOutcome, Tally, WriteOutcome};

/// The future of a store operation.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What one operation of a batch got.
pub type Answers<T> = Vec<Result<T, StoreError>>;

/// Keeps records and changes them by guarded operations.
///
/// # What an implementation must hold
/// - Each operation is atomic and does what the function of the same name in [`protocol`](crate::protocol) does, on
///   the store's own clock. Whether it took effect is decided by what the database returned, never by a count that a
///   driver may interpret.
/// - Claims and "absent" come from the primary, never from a replica.
/// - Lists, counts, tallies, sweeps and orders see the records of the [`Namespace`] that they name, and
///   those that name none. Namespaces are equal if their bytes are.
/// - An order and its [audit line](Record::audit) are one write; everything else keeps the line.
/// - An unexpired record is never evicted. At a bound, new claims fail with [`StoreErrorKind::CapacityExceeded`].
/// - A record or a fingerprint of a version that this code does not know is
///   [`StoreErrorKind::UnknownFormat`], never a match and never overwritten.
/// - [`StoreErrorKind::Unavailable`] means that nothing was applied, for certain;
///   [`StoreErrorKind::Undecided`] that the caller must ask again with the same nonce.
/// - A reply that is too long is [`StoreErrorKind::Unstorable`], at once or after a few tries, and never a failure that
///   looks as if it could pass: its owner would repeat the write for ever.
/// - An operation whose reply was lost can be repeated unchanged.
/// - Every operation is answered in bounded time. The engine follows a claim to its answer without a limit, since a claim
///   that was given up could still be won.
/// - No operation waits for another caller's future to be polled.
/// - Where a claim may arrive late or twice, as on a network, a copy of it does not win a record that has had another
///   owner since. Write a first claim only where there is no record, and a later one under a guard that names the record
///   as it was read.
///
/// # Cancel safety
/// When a future is dropped, its operation may or may not be applied, and the connection it used stays sound. The engine
/// drops no claim: it polls the future of a caller that left on a thread of its own.
///
/// # Batches
/// A [`Batch`] is sorted by address and holds one operation per key. Answers come in the batch's order; one bad
/// operation never makes the others fail. The provided forms go one by one; a store that can do better should.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a store for idempotency records",
    note = "pass a store such as `MemoryStore::new()` or `SqliteStore::open(\"idem.db\").await?`"
)]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// [`protocol::claim`](crate::protocol::claim).
    fn claim(&self, claim: Claim) -> BoxFuture<'_, Result<ClaimOutcome, StoreError>>;

    /// [`protocol::complete`](crate::protocol::complete).
    fn complete(&self, completion: Completion) -> BoxFuture<'_, Result<WriteOutcome, StoreError>>;

    /// [`protocol::release`](crate::protocol::release).
    fn release(&self, release: Release) -> BoxFuture<'_, Result<WriteOutcome, StoreError>>;

    /// [`protocol::mark_unknown`](crate::protocol::mark_unknown).
    fn mark_unknown(&self, mark: MarkUnknown) -> BoxFuture<'_, Result<WriteOutcome, StoreError>>;

    /// [`protocol::renew`](crate::protocol::renew) for every claim that this process holds, in one statement where
    /// the database can. Rows that another transaction has locked are [`RenewOutcome::Skipped`].
    ///
    /// Called from a thread and runtime of idem's own, so that a blocked runtime of the caller cannot starve it.
    fn renew(&self, batch: Batch<Renewal>) -> BoxFuture<'_, Answers<RenewOutcome>>;

    /// The record as it stands, expired or not.
    fn look_up(&self, address: Address) -> BoxFuture<'_, Result<Option<Record>, StoreError>>;

    /// [`protocol::sweep`](crate::protocol::sweep) for up to `sweep.limit` abandoned records, skipping locked ones.
    ///
    /// Records of other namespaces take no place among them.
    fn sweep(&self, sweep: Sweep) -> BoxFuture<'_, Result<SweepCount, StoreError>>;

    /// [`protocol::reap`](crate::protocol::reap) for up to `limit` expired records of any namespace, skipping locked ones.
    /// Says how many went.
    fn reap(&self, limit: usize) -> BoxFuture<'_, Result<usize, StoreError>>;

    /// A page of the records in one state, by address.
    ///
    /// Records of other namespaces take no place in it.
    fn list(&self, page: Page) -> BoxFuture<'_, Result<Vec<Entry>, StoreError>>;

    /// How many records are in one state.
    fn count(&self, count: Count) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// [`protocol::tally`](crate::protocol::tally) of all records that `namespace` sees, with the store's clock. It need not
    /// be of one moment.
    ///
    /// Called as often as the application sets its gauges, beside live traffic: a store goes by an index of what is not
    /// done, and reads no reply. The provided form counts state by state, lists what is unknown, and tells no clock.
    fn tally(&self, namespace: Namespace) -> BoxFuture<'_, Result<Tally, StoreError>> {
        Box::pin(tallied::by_lists(self, namespace))
    }

    /// [`protocol::settle`](crate::protocol::settle).
    fn settle(&self, settlement: Settlement) -> BoxFuture<'_, Result<WriteOutcome, StoreError>>;

    /// [`protocol::free`](crate::protocol::free).
    fn free(&self, freeing: Free) -> BoxFuture<'_, Result<WriteOutcome, StoreError>>;

    /// [`protocol::forget`](crate::protocol::forget).
    fn forget(&self, forgetting: Forget) -> BoxFuture<'_, Result<WriteOutcome, StoreError>>;

    /// Batch form of [`claim`](Self::claim).
    fn claim_batch(&self, batch: Batch<Claim>) -> BoxFuture<'_, Answers<ClaimOutcome>> {
        Box::pin(batch::one_by_one(batch, |claim| self.claim(claim)))
    }

    /// Batch form of [`complete`](Self::complete).
    fn complete_batch(&self, batch: Batch<Completion>) -> BoxFuture<'_, Answers<WriteOutcome>> {
        Box::pin(batch::one_by_one(batch, |completion| self.complete(completion)))
    }

    /// Batch form of [`release`](Self::release).
    fn release_batch(&self, batch: Batch<Release>) -> BoxFuture<'_, Answers<WriteOutcome>> {
        Box::pin(batch::one_by_one(batch, |release| self.release(release)))
    }

    /// Batch form of [`mark_unknown`](Self::mark_unknown).
    fn mark_unknown_batch(&self, batch: Batch<MarkUnknown>) -> BoxFuture<'_, Answers<WriteOutcome>> {
        Box::pin(batch::one_by_one(batch, |mark| self.mark_unknown(mark)))
    }

    /// True if records never leave this process, so that caching them again would gain nothing. Such a store answers at once:
    /// no time limit is held against its calls.
    fn is_local(&self) -> bool {
        false
    }

    /// The databases in whose transactions the store can write a record.
    #[cfg(feature = "_tx")]
    #[doc(hidden)]
    fn tx_backends(self: Arc<Self>, tx_backends: &mut TxBackends) {
        let _ = tx_backends;
    }
}

macro_rules! forward {
    ($($name:ident($request:ty) -> $answer:ty;)*) => {
        $(fn $name(&self, request: $request) -> BoxFuture<'_, $answer> {
            (**self).$name(request)
        })*
    };
}

impl<S: Store + ?Sized> Store for Arc<S> {
    forward! {
        claim(Claim) -> Result<ClaimOutcome, StoreError>;
        complete(Completion) -> Result<WriteOutcome, StoreError>;
        release(Release) -> Result<WriteOutcome, StoreError>;
        mark_unknown(MarkUnknown) -> Result<WriteOutcome, StoreError>;
        renew(Batch<Renewal>) -> Answers<RenewOutcome>;
        look_up(Address) -> Result<Option<Record>, StoreError>;
        sweep(Sweep) -> Result<SweepCount, StoreError>;
        reap(usize) -> Result<usize, StoreError>;
        list(Page) -> Result<Vec<Entry>, StoreError>;
        count(Count) -> Result<u64, StoreError>;
        tally(Namespace) -> Result<Tally, StoreError>;
        settle(Settlement) -> Result<WriteOutcome, StoreError>;
        free(Free) -> Result<WriteOutcome, StoreError>;
        forget(Forget) -> Result<WriteOutcome, StoreError>;
        claim_batch(Batch<Claim>) -> Answers<ClaimOutcome>;
        complete_batch(Batch<Completion>) -> Answers<WriteOutcome>;
        release_batch(Batch<Release>) -> Answers<WriteOutcome>;
        mark_unknown_batch(Batch<MarkUnknown>) -> Answers<WriteOutcome>;
    }

    fn is_local(&self) -> bool {
        (**self).is_local()
    }

    #[cfg(feature = "_tx")]
    fn tx_backends(self: Arc<Self>, tx_backends: &mut TxBackends) {
        Arc::clone(&*self).tx_backends(tx_backends);
    }
}
