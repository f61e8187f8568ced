//! How a handler's transaction ends.

use std::any::Any;
use std::future::Future;
use std::time::Instant;

use sqlx::{Database, Transaction};

use crate::reply::Reply;
use crate::store::{StoreError, TxFault};

/// What a handler's answer means for its transaction and its record.
#[derive(Debug)]
pub(crate) enum TxEnding {
    /// Effects and record commit together.
    Commit(Reply),
    /// The effects are rolled back; the record alone is kept.
    Keep(Reply),
    /// Rolled back, and nothing is kept: the same request may run again.
    Release,
    /// Rolled back, but something outside the database may have happened.
    Unknown,
    /// The database undid a statement in favour of another transaction.
    Conflict,
}

/// What runs in a transaction.
// A trait, since the compiler cannot tell that the future of a borrowed `AsyncFnMut` is `Send`.
pub(crate) trait TxBody<Db: Database> {
    type Answer;

    /// Runs once, and says what its answer means.
    fn run(&mut self, tx: &mut Transaction<'_, Db>) -> impl Future<Output = (Self::Answer, TxEnding)>;
}

/// A transaction that is over.
pub(super) enum Ended<T> {
    /// Committed; the answer was in hand at that time.
    Committed(T, Reply, Instant),
    /// COMMIT was sent, and what became of it is not known; with what the database said, if it answered.
    Lost(T, Reply, Option<StoreError>),
    /// Rolled back.
    RolledBack(Cause<T>),
    /// The record was not this transaction's any more, so the record must tell whether anything was committed.
    NotOurs {
        /// If the record is gone, it is not known what else was done.
        unknown: bool,
        /// Nothing of it is under way any more: the database has answered ROLLBACK.
        over: bool,
        /// Why it was rolled back, where nothing was committed.
        cause: Cause<T>,
    },
}

/// Why a transaction was rolled back.
pub(super) enum Cause<T> {
    /// As the answer wanted.
    Answer(T, TxEnding),
    /// The database refused to complete or commit it, or undid it.
    Fault(TxFault),
    Panic(Box<dyn Any + Send>),
}

impl<T> Cause<T> {
    /// The answer wanted a commit, which was not to be had.
    pub(super) fn refused(error: StoreError) -> Self {
        Self::Fault(TxFault::Refused(error))
    }
}
