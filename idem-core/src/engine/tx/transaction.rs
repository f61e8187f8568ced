//! One transaction, from the handler's first statement to its end.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::{Connection, Database, Transaction};

use super::ended::{Cause, Ended, TxBody, TxEnding};
use crate::current::Current;
use crate::engine::calls::{Unanswered, observed};
use crate::engine::ending::log_unstorable;
use crate::engine::leader::Leader;
use crate::engine::panics::caught;
use crate::engine::{Engine, Purpose};
use crate::fault::{points, reach};
use crate::observe::{Outcome, Watch};
use crate::refused::UnavailableResult;
use crate::reply::Reply;
use crate::store::{
    CommitFault, CommitPermit, Completed, HeldRow, Left, StoreError, StoreErrorKind, TxBackend, TxConnection,
    TxFault,
};

/// What it takes to run a transaction.
pub(super) struct Inside<'a, Db: Database> {
    pub(super) engine: &'a Engine,
    pub(super) backend: &'a Arc<dyn TxBackend<Db>>,
    pub(super) permit: &'a CommitPermit,
    /// The claimed record, and what the handler finds as the current operation; `None` where there is no record.
    pub(super) held: Option<(HeldRow, Current)>,
    /// Whose claim it is.
    pub(super) lead: Option<&'a Leader>,
    pub(super) ttl: Duration,
    pub(super) longest: Duration,
}

impl<Db: Database> Inside<'_, Db> {
    /// Runs `body`, and ends the transaction as its answer means.
    pub(super) async fn run<B: TxBody<Db>>(
        &self,
        mut tx: Transaction<'_, Db>,
        body: &mut B,
    ) -> (Ended<B::Answer>, Left) {
        reach(points::TX_HANDLER_BEFORE);
        let counted = self.held.as_ref().map(|(_, run)| CountIfLeft(Some(run.watch().clone())));
        let ran = {
            let body = pin!(body.run(&mut tx));
            match &self.held {
                Some((_, run)) => run.clone().scope(tokio::time::timeout(self.longest, caught(body))).await,
                None => tokio::time::timeout(self.longest, caught(body)).await,
            }
        };
        if let Some(mut counted) = counted {
            counted.0 = None;
        }
        reach(points::TX_HANDLER_AFTER);
        // A savepoint that could not be begun makes the driver roll all of it back.
        let slipped = !tx.is_in_transaction();
        let cause = match ran {
            Err(_) | Ok(Ok((_, TxEnding::Commit(_)))) if slipped => ended_early(),
            Err(_) => {
                // What it was at in the database goes on until the connection is closed.
                let cause = aborted("the handler took longer than it may");
                return (Ended::NotOurs { unknown: false, over: false, cause }, Left::Doubtful);
            }
            Ok(Err(payload)) => Cause::Panic(payload),
            Ok(Ok((answer, TxEnding::Commit(reply)))) => {
                return self.complete_and_commit(tx, answer, reply).await;
            }
            Ok(Ok((answer, ending))) => {
                if let (TxEnding::Unknown, Some(lead)) = (&ending, self.lead) {
                    lead.doubt();
                }
                Cause::Answer(answer, ending)
            }
        };
        if slipped {
            return self.not_ours(tx, cause).await;
        }
        match self.holds(&mut tx).await {
            Some(true) => (Ended::RolledBack(cause), self.undo(tx).await),
            Some(false) => self.not_ours(tx, cause).await,
            None => self.asks_the_record(tx, cause).await,
        }
    }

    async fn complete_and_commit<T>(
        &self,
        mut tx: Transaction<'_, Db>,
        answer: T,
        reply: Reply,
    ) -> (Ended<T>, Left) {
        let asked = Instant::now();
        reach(points::TX_COMPLETE_BEFORE);
        let completed = self.complete(&mut tx, &reply).await;
        reach(points::TX_COMPLETE_AFTER);
        match completed {
            Ok((Completed::Done { settings_kept }, written)) => {
                self.commit(tx, answer, written, asked, settings_kept).await
            }
            Ok((Completed::Undone, _)) => {
                let message = "the database rolled the transaction back while the handler went on";
                let conflict = StoreError::new(StoreErrorKind::Unavailable, message);
                self.not_ours(tx, Cause::Fault(TxFault::Conflict(conflict))).await
            }
            Ok((Completed::NotOurs, _)) => self.not_ours(tx, ended_early()).await,
            // It takes no statement any more: which transaction it is cannot be seen from inside.
            Err(fault) if self.held.is_some() => self.asks_the_record(tx, Cause::Fault(fault)).await,
            Err(fault) => (Ended::RolledBack(Cause::Fault(fault)), self.undo(tx).await),
        }
    }

    /// The transaction is not the one that was begun any more. Where it is not known which effects are left, the key does
    /// not become free from here on, even if the caller is dropped.
    async fn not_ours<T>(&self, mut tx: Transaction<'_, Db>, cause: Cause<T>) -> (Ended<T>, Left) {
        let unknown = matches!(cause, Cause::Answer(_, TxEnding::Unknown))
            || !in_time(self.engine, "tx.check", self.backend.forbids(&mut tx)).await.unwrap_or(true);
        if let Some(lead) = self.lead.filter(|_| unknown) {
            lead.doubt();
        }
        let over = self.undo(tx).await == Left::RolledBack;
        (Ended::NotOurs { unknown, over, cause }, Left::Doubtful)
    }

    /// Whether it is still the one that was begun is not known.
    async fn asks_the_record<T>(&self, tx: Transaction<'_, Db>, cause: Cause<T>) -> (Ended<T>, Left) {
        let left = self.undo(tx).await;
        let over = left == Left::RolledBack;
        let broken = matches!(cause, Cause::Fault(TxFault::Broken(_)));
        (Ended::NotOurs { unknown: false, over, cause }, if broken { Left::Doubtful } else { left })
    }

    /// Whether the transaction is still the one that was begun: what was committed in the middle stays, and a rollback does
    /// not undo it. `None`: it takes no statement, since one has failed or the connection broke, so its record must tell.
    async fn holds(&self, tx: &mut Transaction<'_, Db>) -> Option<bool> {
        reach(points::TX_CHECK_BEFORE);
        let holds = match &self.held {
            None => in_time(self.engine, "tx.check", self.backend.is_whole(tx))
                .await
                .map(|whole| matches!(whole, Completed::Done { .. })),
            Some((held, _)) => in_time(self.engine, "tx.check", self.backend.holds(tx, held)).await,
        };
        reach(points::TX_CHECK_AFTER);
        match (holds, &self.held) {
            (Ok(holds), _) => Some(holds),
            (Err(_), Some(_)) => None,
            // A transaction without a record that has failed is still the one that was begun.
            (Err(_), None) => Some(true),
        }
    }

    /// Completes the record in the transaction, and returns the reply that the record then has.
    async fn complete(
        &self,
        tx: &mut Transaction<'_, Db>,
        reply: &Reply,
    ) -> Result<(Completed, Reply), TxFault> {
        match &self.held {
            None => {
                let whole = in_time(self.engine, "tx.check", self.backend.is_whole(tx)).await?;
                Ok((whole, reply.clone()))
            }
            Some((held, _)) => complete(self.engine, self.backend, tx, held, reply, self.ttl).await,
        }
    }

    /// What the database answers with an error was rolled back, as far as the error says so. All else is to be
    /// found out.
    async fn commit<T>(
        &self,
        tx: Transaction<'_, Db>,
        answer: T,
        reply: Reply,
        asked: Instant,
        settings_kept: bool,
    ) -> (Ended<T>, Left) {
        reach(points::TX_COMMIT_BEFORE);
        self.permit.open();
        let committed = commit_in_time(self.engine, self.backend, tx).await;
        self.permit.close();
        reach(points::TX_COMMIT_AFTER);
        let ended = match committed {
            Ok(()) => {
                let left = if settings_kept { Left::Committed } else { Left::Changed };
                return (Ended::Committed(answer, reply, asked), left);
            }
            Err(CommitFault::Conflict(error)) => Ended::RolledBack(Cause::Fault(TxFault::Conflict(error))),
            Err(CommitFault::Refused(error)) => Ended::RolledBack(Cause::refused(error)),
            Err(CommitFault::Unclear(error)) => Ended::Lost(answer, reply, Some(error)),
            Err(CommitFault::Lost(error)) => {
                self.engine.log_unrecorded(self.asked("COMMIT"), &error);
                Ended::Lost(answer, reply, None)
            }
        };
        (ended, Left::Doubtful)
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

/// Counts a call whose caller leaves in the handler: everything is rolled back.
struct CountIfLeft(Option<Watch>);

impl Drop for CountIfLeft {
    fn drop(&mut self) {
        if let Some(watch) = &self.0 {
            watch.ends(Outcome::Released);
        }
    }
}

fn aborted<T>(message: &'static str) -> Cause<T> {
    Cause::refused(StoreError::new(StoreErrorKind::Misconfigured, message))
}

fn ended_early<T>() -> Cause<T> {
    aborted(
        "the transaction was rolled back while the handler went on, by a statement of its own or by a nested transaction \
         that could not begin",
    )
}

/// A reply of so many bytes is shorter than any database is set to refuse.
const SURELY_TAKEN: usize = 1 << 16;

/// Completes the record, with a tombstone where the database never takes the reply: the effects are committed all the
/// same, since another run would end the same way. With what was written.
pub(super) async fn complete<Db: Database>(
    engine: &Engine,
    backend: &Arc<dyn TxBackend<Db>>,
    tx: &mut Transaction<'_, Db>,
    held: &HeldRow,
    reply: &Reply,
    ttl: Duration,
) -> Result<(Completed, Reply), TxFault> {
    let bytes = reply.as_bytes().len();
    let takes = bytes <= SURELY_TAKEN || in_time(engine, "tx.check", backend.takes(tx, bytes)).await?;
    let refused = if takes {
        match in_time(engine, "tx.complete", backend.complete(tx, held, reply, ttl)).await {
            Ok(completed) => return Ok((completed, reply.clone())),
            // Where the error has ended the transaction, the statements that follow are refused as well.
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
    let tombstone = Reply::tombstone(UnavailableResult::NotTaken);
    let completed = in_time(engine, "tx.complete", backend.complete(tx, held, &tombstone, ttl)).await?;
    Ok((completed, tombstone))
}

/// Rolls back.
pub(super) async fn undo<Db: Database>(engine: &Engine, tx: Transaction<'_, Db>) -> Left {
    reach(points::TX_ROLLBACK_BEFORE);
    let undone = observed("tx.rollback", Some(engine.config.store_timeout), tx.rollback()).await;
    reach(points::TX_ROLLBACK_AFTER);
    match undone {
        Ok(Ok(())) => Left::RolledBack,
        Ok(Err(_)) | Err(_) => Left::Doubtful,
    }
}

pub(super) async fn commit_in_time<Db: Database>(
    engine: &Engine,
    backend: &Arc<dyn TxBackend<Db>>,
    tx: Transaction<'_, Db>,
) -> Result<(), CommitFault> {
    match observed("tx.commit", Some(engine.config.store_timeout), tx.commit()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(backend.commit_fault(error)),
        Err(unanswered) => Err(CommitFault::Lost(broken(&unanswered))),
    }
}

/// The driver counts nested transactions, and ends the innermost: where the handler has left one open, COMMIT and ROLLBACK
/// were not sent. So the connection is asked after each of them.
pub(super) fn really_ended<T, Db: Database>(
    connection: &Db::Connection,
    (ended, left): (Ended<T>, Left),
) -> (Ended<T>, Left) {
    if left == Left::Doubtful || !connection.is_in_transaction() {
        return (ended, left);
    }
    let message =
        "the handler left a nested transaction open: commit it, or roll it back, before the handler returns";
    match ended {
        Ended::Committed(..) => {
            let open = StoreError::new(StoreErrorKind::Misconfigured, message);
            (Ended::RolledBack(Cause::refused(open)), Left::Doubtful)
        }
        ended => (ended, Left::Doubtful),
    }
}

/// A statement of idem's own is bounded and measured, as every call of the store is. The driver may panic on a connection on
/// which a statement was dropped half-way: that is a connection which broke.
pub(super) async fn in_time<T>(
    engine: &Engine,
    name: &'static str,
    statement: impl Future<Output = Result<T, TxFault>>,
) -> Result<T, TxFault> {
    let answered = observed(name, Some(engine.config.store_timeout), statement).await;
    answered.unwrap_or_else(|unanswered| Err(TxFault::Broken(broken(&unanswered))))
}

fn broken(unanswered: &Unanswered) -> StoreError {
    let message = match unanswered {
        Unanswered::Late => "the database did not answer in time",
        Unanswered::Panicked => "the driver panicked: was a statement of the handler's dropped half-way?",
    };
    StoreError::new(StoreErrorKind::Unavailable, message)
}

/// Gives a connection back to its pool, in the background where that takes a statement; a doubtful one is closed.
pub(super) fn give_back<Db: Database>(
    engine: &Arc<Engine>,
    backend: &Arc<dyn TxBackend<Db>>,
    mut pooled: TxConnection<Db>,
    left: Left,
) {
    if left == Left::Doubtful {
        return;
    }
    if !backend.leaves_traces(left) {
        pooled.give_back();
        return;
    }
    let (engine, backend) = (Arc::clone(engine), Arc::clone(backend));
    tokio::spawn(async move {
        let (connection, permit) = pooled.parts();
        match in_time(&engine, "tx.restore", backend.restore(connection, permit, left)).await {
            Ok(()) => pooled.give_back(),
            Err(fault) => {
                let error = fault.into_error();
                tracing::debug!(%error, "a connection is closed after a transaction, instead of given back");
            }
        }
    });
}
