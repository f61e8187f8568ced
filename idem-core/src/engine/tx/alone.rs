//! A record by itself, in a transaction of its own: to keep one without effects, and to find out what became of a
//! COMMIT whose answer was lost.

use std::sync::Arc;
use std::time::Instant;

use sqlx::Database;

use super::call::TxCall;
use super::transaction::{commit_in_time, complete, give_back, in_time, undo};
use crate::engine::backoff::Backoff;
use crate::fault::{points, reach};
use crate::protocol::ClaimOutcome;
use crate::reply::Reply;
use crate::store::{
    Begin, Claimed, CommitFault, Completed, Left, Rivals, StoreError, StoreErrorKind, TxFault,
};

impl<Db: Database> TxCall<Db> {
    /// Repeats the guarded write of the claim. The write waits for the transaction that is at the record, and so learns
    /// its end for certain; a plain read would only see what is committed already. Where there is no record, it is
    /// completed with `reply`, or left away.
    ///
    /// `None`: there was no record, and the one asked for is written; or none was asked for, and none is there.
    ///
    /// # Errors
    /// The database could not be asked within the engine's completion timeout.
    pub(super) async fn alone(&self, reply: Option<&Reply>) -> Result<Option<ClaimOutcome>, TxFault> {
        reach(points::TX_SETTLE_BEFORE);
        let alone = self.until_decided(reply).await;
        reach(points::TX_SETTLE_AFTER);
        alone
    }

    async fn until_decided(&self, reply: Option<&Reply>) -> Result<Option<ClaimOutcome>, TxFault> {
        let begun = Instant::now();
        let mut backoff = Backoff::for_questions();
        loop {
            let error = match self.try_alone(reply).await {
                Ok(decided) => return Ok(decided),
                Err(fault) => fault.into_error(),
            };
            self.engine.log_unrecorded(self.asked("record of a transaction"), &error);
            if begun.elapsed().saturating_add(backoff.next()) > self.engine.config.completion_timeout {
                return Err(TxFault::Broken(error));
            }
            backoff.pause().await;
        }
    }

    async fn try_alone(&self, reply: Option<&Reply>) -> Result<Option<ClaimOutcome>, TxFault> {
        let engine = &self.engine;
        let mut pooled = in_time(engine, "tx.connection", self.backend.connection()).await?;
        let (connection, permit) = pooled.parts();
        let permit = Arc::clone(permit);
        let longest = engine.config.store_timeout;
        let begin = Begin { isolation: None, claim: Some(Rivals::Await), longest };
        let mut tx = in_time(engine, "tx.begin", self.backend.begin(connection, &permit, begin)).await?;
        let claim = self.backend.claim(&mut tx, &permit, self.lead.question(), Rivals::Await);
        let stands = match (in_time(engine, "tx.claim", claim).await?, reply) {
            (Claimed::Decided(outcome), _) => Some(outcome),
            (Claimed::Won(_), None) => None,
            (Claimed::Won(held), Some(reply)) => {
                let ttl = self.operation.policy.ttl;
                match complete(engine, &self.backend, &mut tx, &held, reply, ttl).await?.0 {
                    Completed::Done { .. } => {
                        permit.open();
                        let committed = commit_in_time(engine, &self.backend, tx).await;
                        permit.close();
                        // Where the outcome of the COMMIT is not known, the next try finds out.
                        committed.map_err(|fault| match fault {
                            CommitFault::Conflict(error) => TxFault::Conflict(error),
                            CommitFault::Refused(error) | CommitFault::Unclear(error) => {
                                TxFault::Refused(error)
                            }
                            CommitFault::Lost(error) => TxFault::Broken(error),
                        })?;
                        give_back(engine, &self.backend, pooled, Left::Committed);
                        return Ok(None);
                    }
                    Completed::NotOurs | Completed::Undone => {
                        let message = "the record was another's when it was completed";
                        return Err(TxFault::Broken(StoreError::new(StoreErrorKind::Undecided, message)));
                    }
                }
            }
        };
        let left = undo(engine, tx).await;
        give_back(engine, &self.backend, pooled, left);
        Ok(stands)
    }
}
