//! One transaction, from the handler's first statement to its end.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::{Connection, Database, Transaction};

use super::ended::{Ended, Meaning, Then};
use crate::current::Current;
use crate::engine::ending::log_unstorable;
use crate::engine::lead::Lead;
use crate::engine::panics::caught;
use crate::engine::{Engine, Purpose};
use crate::fault::{points, reach};
use crate::refused::Unavailable;
use crate::reply::Reply;
use crate::store::{Coupler, Gate, HeldRow, Seat, StoreError, StoreErrorKind, TxFault};

/// What it takes to run a transaction.
pub(super) struct Inside<'a, Db: Database> {
    pub(super) engine: &'a Engine,
    pub(super) coupler: &'a Arc<dyn Coupler<Db>>,
    pub(super) gate: &'a Gate,
    /// The claimed record, and what the handler finds as the current operation; `None` where there is no record.
    pub(super) held: Option<(HeldRow, Current)>,
    /// Whose claim it is.
    pub(super) lead: Option<&'a Lead>,
    pub(super) ttl: Duration,
    pub(super) longest: Duration,
}

/// Whether a connection is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing is open on it.
    Clean,
    /// Nobody knows.
    Doubtful,
}

impl<Db: Database> Inside<'_, Db> {
    /// Runs `body`, and ends the transaction as its answer means.
    pub(super) async fn run<T>(
        &self,
        mut tx: Transaction<'_, Db>,
        body: impl AsyncFnOnce(&mut Transaction<'_, Db>) -> (T, Meaning),
    ) -> (Ended<T>, Left) {
        reach(points::TX_HANDLER_BEFORE);
        let ran = {
            let body = pin!(async { body(&mut tx).await });
            match &self.held {
                Some((_, run)) => run.clone().scope(tokio::time::timeout(self.longest, caught(body))).await,
                None => tokio::time::timeout(self.longest, caught(body)).await,
            }
        };
        reach(points::TX_HANDLER_AFTER);
        // A savepoint that could not be begun makes the driver roll all of it back; what follows commits by itself.
        let slipped = !tx.is_in_transaction();
        let (answer, meaning) = match ran {
            _ if slipped => return self.not_ours(tx, true).await,
            // What it was at in the database goes on until the connection is closed.
            Err(_) => return (Ended::TooLong, Left::Doubtful),
            Ok(Ok(answered)) => answered,
            Ok(Err(payload)) => {
                if !self.holds(&mut tx).await {
                    return self.not_ours(tx, false).await;
                }
                return (Ended::Panicked(payload), self.undo(tx).await);
            }
        };
        let then = match meaning {
            Meaning::Commit(reply) => {
                let asked = Instant::now();
                reach(points::TX_COMPLETE_BEFORE);
                let completed = self.complete(&mut tx, &reply).await;
                reach(points::TX_COMPLETE_AFTER);
                return match completed {
                    Ok(Some(written)) => self.commit(tx, answer, written, asked).await,
                    Ok(None) => self.not_ours(tx, false).await,
                    Err(fault) => (Ended::Undone(fault), self.undo(tx).await),
                };
            }
            Meaning::Keep(reply) => Then::Keep(reply),
            Meaning::Nothing => Then::Nothing,
            Meaning::Unknown => {
                if let Some(lead) = self.lead {
                    lead.doubt();
                }
                Then::Unknown
            }
            Meaning::Conflict => Then::Again,
        };
        if !self.holds(&mut tx).await {
            return self.not_ours(tx, matches!(then, Then::Unknown)).await;
        }
        (Ended::RolledBack(answer, then), self.undo(tx).await)
    }

    /// It is not the transaction that was begun any more. Where nobody knows what that leaves in the world, the key does
    /// not become free from here on, whoever is dropped.
    async fn not_ours<T>(&self, tx: Transaction<'_, Db>, unknown: bool) -> (Ended<T>, Left) {
        let unknown = unknown || self.coupler.lets_slip();
        if let Some(lead) = self.lead.filter(|_| unknown) {
            lead.doubt();
        }
        let _closed_anyway = self.undo(tx).await;
        (Ended::NotOurs { unknown }, Left::Doubtful)
    }

    /// Whether the transaction is still the one that claimed: what was committed in the middle stays, whatever is
    /// rolled back now. One that takes no statement any more has failed, and is still open.
    async fn holds(&self, tx: &mut Transaction<'_, Db>) -> bool {
        match &self.held {
            None => true,
            Some((held, _)) => {
                reach(points::TX_CHECK_BEFORE);
                let holds = in_time(self.engine, self.coupler.holds(tx, held)).await;
                reach(points::TX_CHECK_AFTER);
                holds.unwrap_or(true)
            }
        }
    }

    /// What the record says now; `None` if there is something wrong with the transaction.
    async fn complete(&self, tx: &mut Transaction<'_, Db>, reply: &Reply) -> Result<Option<Reply>, TxFault> {
        match &self.held {
            None => {
                let whole = in_time(self.engine, self.coupler.is_whole(tx)).await?;
                Ok(whole.then(|| reply.clone()))
            }
            Some((held, _)) => complete(self.engine, self.coupler, tx, held, reply, self.ttl).await,
        }
    }

    /// Only a conflict is certain not to have committed: whatever else happens is to be found out.
    pub(super) async fn commit<T>(
        &self,
        tx: Transaction<'_, Db>,
        answer: T,
        reply: Reply,
        asked: Instant,
    ) -> (Ended<T>, Left) {
        reach(points::TX_COMMIT_BEFORE);
        self.gate.open();
        let committed = tokio::time::timeout(self.engine.config.store_timeout, tx.commit()).await;
        self.gate.close();
        reach(points::TX_COMMIT_AFTER);
        match committed {
            Ok(Ok(())) => (Ended::Committed(answer, reply, asked), Left::Clean),
            Ok(Err(error)) => match self.coupler.fault(error) {
                fault @ TxFault::Conflict(_) => (Ended::Undone(fault), Left::Doubtful),
                fault => {
                    self.engine.log_unrecorded(self.asked("COMMIT"), &fault.into_error());
                    (Ended::Lost(answer, reply), Left::Doubtful)
                }
            },
            Err(_) => (Ended::Lost(answer, reply), Left::Doubtful),
        }
    }

    /// For a log.
    fn asked(&self, what: &'static str) -> Purpose<'_> {
        match &self.held {
            Some((held, run)) => Purpose::of(what).at(held.address).operation(run.operation()),
            None => Purpose::of(what),
        }
    }

    pub(super) async fn undo(&self, tx: Transaction<'_, Db>) -> Left {
        undo(self.engine, tx).await
    }
}

/// Completes the record, with a tombstone where the database never takes the reply: the effects are committed all the
/// same, since another run would end the same way. What was written; `None` if the record is not this transaction's.
pub(super) async fn complete<Db: Database>(
    engine: &Engine,
    coupler: &Arc<dyn Coupler<Db>>,
    tx: &mut Transaction<'_, Db>,
    held: &HeldRow,
    reply: &Reply,
    ttl: Duration,
) -> Result<Option<Reply>, TxFault> {
    let refused = if in_time(engine, coupler.takes(tx, reply.as_bytes().len())).await? {
        match in_time(engine, coupler.complete(tx, held, reply, ttl)).await {
            Ok(done) => return Ok(done.then(|| reply.clone())),
            // Where that has ended the transaction, what follows is refused as well.
            Err(TxFault::Refused(error)) if error.kind() == StoreErrorKind::Unstorable => error,
            Err(fault) => return Err(fault),
        }
    } else {
        StoreError::new(
            StoreErrorKind::Unstorable,
            "the reply is longer than the database takes: cap replies",
        )
    };
    log_unstorable(held.address, &refused);
    let tombstone = Reply::tombstone(Unavailable::NotTaken);
    let done = in_time(engine, coupler.complete(tx, held, &tombstone, ttl)).await?;
    Ok(done.then_some(tombstone))
}

/// Rolls back.
pub(super) async fn undo<Db: Database>(engine: &Engine, tx: Transaction<'_, Db>) -> Left {
    reach(points::TX_ROLLBACK_BEFORE);
    let undone = tokio::time::timeout(engine.config.store_timeout, tx.rollback()).await;
    reach(points::TX_ROLLBACK_AFTER);
    match undone {
        Ok(Ok(())) => Left::Clean,
        Ok(Err(_)) | Err(_) => Left::Doubtful,
    }
}

/// A statement of idem's own is bounded, as every question to the store is.
pub(super) async fn in_time<T>(
    engine: &Engine,
    question: impl Future<Output = Result<T, TxFault>>,
) -> Result<T, TxFault> {
    tokio::time::timeout(engine.config.store_timeout, question).await.unwrap_or_else(|_| {
        let message = "the database did not answer in time";
        Err(TxFault::Broken(StoreError::new(StoreErrorKind::Unavailable, message)))
    })
}

/// Gives a connection back to its pool, in the background where that takes a statement; a doubtful one is closed.
pub(super) fn give_back<Db: Database>(
    engine: &Arc<Engine>,
    coupler: &Arc<dyn Coupler<Db>>,
    mut seat: Seat<Db>,
    left: Left,
) {
    if left == Left::Doubtful {
        return;
    }
    if !coupler.leaves_traces() {
        seat.give_back();
        return;
    }
    let (engine, coupler) = (Arc::clone(engine), Arc::clone(coupler));
    tokio::spawn(async move {
        let (connection, _) = seat.parts();
        if in_time(&engine, coupler.restore(connection)).await.is_ok() {
            seat.give_back();
        }
    });
}
