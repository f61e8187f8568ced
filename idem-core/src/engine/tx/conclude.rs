//! What is left to do once a transaction is over, and what its caller may hear.

use std::time::{Duration, Instant};

use sqlx::Database;

use super::call::{Turn, TxCall};
use super::ended::{Cause, Ended, TxEnding};
use crate::engine::flight::FlightEnd;
use crate::engine::{ASK_AGAIN, CallSite, Ending, Finished, store_refusal};
use crate::observe::Outcome;
use crate::protocol::{ClaimOutcome, Owner, RecordView, WriteOutcome};
use crate::refused::Refused;
use crate::reply::Reply;
use crate::store::{HeldRow, MarkUnknown, StoreError, TxFault};

const NO_RIGHT: &str = "the role or the session of its transaction may not use its idempotency store";

impl<Db: Database> TxCall<Db> {
    /// What is left to do once the transaction is over, and what its caller may hear.
    pub(super) async fn after<T>(self, ended: Ended<T>, held: HeldRow) -> Turn<T, Db> {
        match ended {
            Ended::Committed(answer, reply, asked) => self.written(answer, reply, asked),
            Ended::Lost(answer, reply, said) => {
                let asked = Instant::now();
                match (self.alone(None).await, said) {
                    (Ok(None), Some(error)) => self.aborted(&error),
                    (Ok(None), None) => self.again(),
                    (stands, _) => self.kept(stands, answer, reply, asked),
                }
            }
            Ended::RolledBack(cause) => self.rolled_back(cause).await,
            Ended::NotOurs { unknown, over, cause } => {
                // What is under way may still be committed: a write waits for its end, a look does not.
                if !over && self.alone(None).await.is_err() {
                    return Turn::Refused(Refused::OutcomeUndecided { retry_after: ASK_AGAIN });
                }
                self.not_ours(held, unknown, cause).await
            }
        }
    }

    /// The record is written, and lives from now on as long as the operation says.
    pub(super) fn written<T>(self, answer: T, reply: Reply, asked: Instant) -> Turn<T, Db> {
        let ttl = self.operation.policy.ttl;
        self.recorded(answer, reply, asked, ttl)
    }

    async fn rolled_back<T>(self, cause: Cause<T>) -> Turn<T, Db> {
        match cause {
            Cause::Answer(answer, TxEnding::Release) => {
                self.operation.watch.ends(Outcome::Released);
                Turn::Answer(answer)
            }
            Cause::Answer(_, TxEnding::Conflict) => self.again(),
            // The effects are not committed; the record is kept.
            Cause::Answer(answer, TxEnding::Commit(reply) | TxEnding::Keep(reply)) => {
                let asked = Instant::now();
                let stands = self.alone(Some(&reply)).await;
                self.kept(stands, answer, reply, asked)
            }
            Cause::Answer(answer, TxEnding::Unknown) => self.mark_unknown(answer).await,
            Cause::Fault(fault) => self.undone(fault),
            Cause::Panic(payload) => {
                // The panic hook has told where; the payload is the user's.
                tracing::error!(
                    address = %self.operation.address,
                    operation = self.operation.label.operation(),
                    "an idempotent handler panicked; its transaction was rolled back"
                );
                Turn::Panicked(payload)
            }
        }
    }

    fn undone<T>(self, fault: TxFault) -> Turn<T, Db> {
        match fault {
            TxFault::Conflict(_) => self.again(),
            fault @ TxFault::Broken(_) => self.unavailable(fault),
            TxFault::Refused(error) => self.aborted(&error),
            TxFault::Misconfigured(error) => {
                tracing::error!(
                    address = %self.operation.address,
                    operation = self.operation.label.operation(),
                    error = %error.chain(),
                    "a handler's transaction was rolled back: its session may not complete the record"
                );
                Turn::Refused(Refused::Misconfigured(NO_RIGHT))
            }
        }
    }

    /// Rolled back for certain, for a reason that does not pass by itself.
    fn aborted<T>(self, error: &StoreError) -> Turn<T, Db> {
        tracing::error!(
            address = %self.operation.address,
            operation = self.operation.label.operation(),
            error = %error.chain(),
            "a handler's transaction was rolled back, and its answer is refused"
        );
        Turn::Refused(Refused::TransactionAborted)
    }

    /// What a caller may hear whose record was looked for, or written, by itself.
    fn kept<T>(
        self,
        stands: Result<Option<ClaimOutcome>, TxFault>,
        answer: T,
        reply: Reply,
        asked: Instant,
    ) -> Turn<T, Db> {
        match stands {
            Ok(None) => self.written(answer, reply, asked),
            Ok(Some(ClaimOutcome::Replay(stored))) if stored.reply == reply => {
                self.recorded(answer, reply, asked, stored.remaining)
            }
            Ok(Some(outcome)) => self.told(outcome, asked),
            Err(_) => Turn::Refused(Refused::OutcomeUndecided { retry_after: ASK_AGAIN }),
        }
    }

    fn recorded<T>(self, answer: T, reply: Reply, asked: Instant, remaining: Duration) -> Turn<T, Db> {
        self.operation.watch.ends(Outcome::Completed);
        self.remember(&reply, asked, remaining);
        self.lead.land(FlightEnd::Done(reply));
        Turn::Answer(answer)
    }

    /// Another one's record is what counts.
    pub(super) fn told<T>(self, outcome: ClaimOutcome, asked: Instant) -> Turn<T, Db> {
        match outcome {
            ClaimOutcome::Replay(replay) => {
                self.remember(&replay.reply, asked, replay.remaining);
                self.lead.land(FlightEnd::Done(replay.reply.clone()));
                Turn::Replay(replay.reply)
            }
            ClaimOutcome::Mismatch => Turn::Refused(Refused::KeyReused),
            ClaimOutcome::Unknown => {
                self.lead.land(FlightEnd::Unknown);
                Turn::Refused(Refused::OutcomeUnknown)
            }
            ClaimOutcome::InFlight { .. } | ClaimOutcome::Won(_) => {
                Turn::Refused(Refused::InProgress { retry_after: ASK_AGAIN })
            }
        }
    }

    fn remember(&self, reply: &Reply, asked: Instant, remaining: Duration) {
        if let Some(cache) = &self.engine.cache {
            let (address, fingerprint) = (self.operation.address, self.operation.fingerprint);
            cache.put(address, fingerprint, reply.clone(), asked, remaining);
        }
    }

    /// Nothing is kept, and another try may succeed: at once where the handler may run again, else on the caller's
    /// next request.
    fn again<T>(mut self) -> Turn<T, Db> {
        match self.rules.retries.checked_sub(1) {
            Some(left) => {
                self.rules.retries = left;
                Turn::Run(Box::new(self))
            }
            None => Turn::Refused(Refused::TransactionConflict { retry_after: ASK_AGAIN }),
        }
    }

    pub(super) fn unavailable<T>(self, fault: TxFault) -> Turn<T, Db> {
        let refused = match fault {
            TxFault::Conflict(_) => Some(Refused::TransactionConflict { retry_after: ASK_AGAIN }),
            TxFault::Misconfigured(_) => Some(Refused::Misconfigured(NO_RIGHT)),
            TxFault::Refused(_) | TxFault::Broken(_) => None,
        };
        let error = fault.into_error();
        self.engine.log_failed(self.asked("transaction"), &error);
        let refused = refused.unwrap_or_else(|| {
            self.lead.land(FlightEnd::Failed(error.kind()));
            store_refusal(error.kind())
        });
        Turn::Refused(refused)
    }

    /// The transaction ended before it was told to. Either all of it was rolled back, and the record is gone with it;
    /// or it was committed in the middle, and the record stands there, running: it is not known which effects were
    /// committed with it. What came after a rollback may be committed too, where the database cannot be kept from it.
    async fn not_ours<T>(self, held: HeldRow, unknown: bool, cause: Cause<T>) -> Turn<T, Db> {
        match self.give_up(held).await {
            Ok(WriteOutcome::Applied | WriteOutcome::Lost(RecordView::Unknown)) => {
                tracing::error!(
                    address = %held.address,
                    operation = self.operation.label.operation(),
                    "a handler's transaction was committed in the middle, by a COMMIT of its own or a change of a table: \
                     it is not known which of its effects happened"
                );
                self.lead.land(FlightEnd::Unknown);
                Turn::Refused(Refused::OutcomeUnknown)
            }
            Ok(WriteOutcome::Lost(_)) if unknown => {
                tracing::error!(
                    address = %held.address,
                    operation = self.operation.label.operation(),
                    "a handler's transaction ended before the handler did: it is not known what the handler wrote \
                     after that, or did elsewhere"
                );
                match self.mark_unknown(()).await {
                    Turn::Answer(()) => Turn::Refused(Refused::OutcomeUnknown),
                    Turn::Replay(reply) => Turn::Replay(reply),
                    Turn::Refused(refused) => Turn::Refused(refused),
                    Turn::Panicked(payload) => Turn::Panicked(payload),
                    Turn::Run(call) => Turn::Run(call),
                }
            }
            Ok(WriteOutcome::Lost(_)) => self.rolled_back(cause).await,
            // If it was committed, the record says so once its lease is over; if not, the doubt is written down.
            Err(_) => Turn::Refused(Refused::OutcomeUndecided { retry_after: ASK_AGAIN }),
        }
    }

    /// T7 for a record that was committed by mistake.
    async fn give_up(&self, held: HeldRow) -> Result<WriteOutcome, StoreError> {
        let store = &self.engine.store;
        let fence = match held.fence {
            Some(fence) => fence,
            None => match store.call(CallSite::TX_LOOK_UP, |store| store.look_up(held.address)).await? {
                Some(record) if record.owner.nonce == held.nonce => record.owner.fence,
                record => return Ok(WriteOutcome::Lost(RecordView::of(record.as_ref()))),
            },
        };
        let owner = Owner { fence, nonce: held.nonce };
        let mark = MarkUnknown { address: held.address, owner };
        store.call(CallSite::TX_MARK_UNKNOWN, |store| store.mark_unknown(mark)).await
    }

    /// The handler's effects in the database are undone, but it says that something else may have happened.
    async fn mark_unknown<T>(mut self, answer: T) -> Turn<T, Db> {
        self.lead.doubt();
        let asked = Instant::now();
        match self.lead.claim(asked).await {
            Ok(ClaimOutcome::Won(won)) => {
                let Self { engine, operation, lead, .. } = self;
                let Some(attempt) = engine.begin(&operation, lead, won, asked) else {
                    return Turn::Refused(Refused::OutcomeUndecided { retry_after: ASK_AGAIN });
                };
                match attempt.finish(Ending::Unknown).await {
                    Finished::Recorded => Turn::Answer(answer),
                    Finished::Superseded(reply) => Turn::Replay(reply),
                    Finished::Refused(refused) => Turn::Refused(refused),
                }
            }
            // Another attempt was faster; its outcome counts.
            Ok(outcome @ (ClaimOutcome::Replay(_) | ClaimOutcome::Mismatch | ClaimOutcome::Unknown)) => {
                self.told(outcome, asked)
            }
            Ok(ClaimOutcome::InFlight { .. }) | Err(_) => {
                Turn::Refused(Refused::OutcomeUndecided { retry_after: ASK_AGAIN })
            }
        }
    }
}
