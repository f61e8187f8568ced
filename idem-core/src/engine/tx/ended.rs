//! How a handler's transaction ends.

use std::any::Any;
use std::time::Instant;

use crate::reply::Reply;
use crate::store::{StoreError, TxFault};

/// What a handler's answer means for its transaction and its record.
#[derive(Debug)]
pub(crate) enum Meaning {
    /// Effects and record commit together.
    Commit(Reply),
    /// The effects are rolled back; the record alone is kept.
    Keep(Reply),
    /// Rolled back, and nothing is kept: the same request may run again.
    Nothing,
    /// Rolled back, but something outside the database may have happened.
    Unknown,
    /// The database undid a statement in favour of another transaction.
    Conflict,
}

/// A transaction that is over.
pub(super) enum Ended<T> {
    /// Committed; the answer was in hand at that time.
    Committed(T, Reply, Instant),
    /// COMMIT was sent, and what became of it is not known; with what the database said, if it answered.
    Lost(T, Reply, Option<StoreError>),
    /// Rolled back, as the answer wanted.
    RolledBack(T, Then),
    /// The record was not this transaction's any more.
    NotOurs {
        /// If the record is gone, it is not known what else was done.
        unknown: bool,
        /// Nothing of it is under way any more: the database has answered ROLLBACK.
        over: bool,
        /// What is left to do where nothing was committed.
        rest: Rest<T>,
    },
    /// The database refused to complete or commit it.
    Undone(TxFault),
    Panicked(Box<dyn Any + Send>),
}

/// What a transaction that was ended behind the engine's back comes to, once it is shown that nothing was committed.
pub(super) enum Rest<T> {
    /// All is undone, which the answer wanted.
    Answer(T, Then),
    /// The database refused to complete it.
    Undone(TxFault),
    /// The answer wanted it committed; the database undid it for the sake of another one.
    Again,
    /// The answer wanted it committed.
    Aborted,
    /// The handler took too long.
    TooLong,
    Panicked(Box<dyn Any + Send>),
}

/// What is left to do after a rollback.
pub(super) enum Then {
    Keep(Reply),
    Nothing,
    Unknown,
    Again,
}
