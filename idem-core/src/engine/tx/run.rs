//! Claim, run, complete and commit, in one transaction.

use std::time::{Duration, Instant};

use sqlx::{Database, Transaction};

use super::alone::Alone;
use super::call::TxCall;
use super::ended::{Ended, Meaning, Rest, Then, Turn};
use super::transaction::{Inside, give_back, in_time, really_ended, undo};
use crate::current::{self, Running};
use crate::engine::enter::{FIRST_POLL, LAST_POLL};
use crate::engine::flight::End;
use crate::engine::{ASK_AGAIN, CallSite, Ending, Settled, store_refusal};
use crate::fault::{points, reach};
use crate::protocol::{ClaimOutcome, Current, Owner, WriteOutcome};
use crate::refused::Refused;
use crate::reply::Reply;
use crate::store::{
    Begin, Claimed, CommitPermit, HeldRow, Left, MarkUnknown, Rivals, StoreError, StoreErrorKind,
    TxConnection, TxFault,
};

/// How often the database may undo a claim for somebody else's sake, or break a connection under it.
const CONFLICTS: u32 = 16;
const BROKEN: u32 = 2;

const NO_RIGHT: &str = "the role or the session of its transaction may not use its idempotency store";

impl<Db: Database> TxCall<Db> {
    /// Runs `body` in a transaction, once, and ends it as its answer means.
    ///
    /// Cancel safe: dropped before COMMIT was sent, everything is rolled back by the database. Dropped while it is
    /// under way, it is committed or not, and the record says which.
    pub(crate) async fn run<T>(
        self,
        mut body: impl AsyncFnOnce(&mut Transaction<'_, Db>) -> (T, Meaning),
    ) -> Turn<T, Db> {
        let (mut conflicts, mut broken, mut poll) = (0, 0, FIRST_POLL);
        // A pooled and the claim in it, each of them once more after a broken connection.
        let turn = self.engine.config.store_timeout.saturating_mul(4);
        loop {
            self.lead.silent_for(turn);
            reach(points::TX_BEGIN_BEFORE);
            let mut pooled = match in_time(&self.engine, self.backend.connection()).await {
                Ok(pooled) => pooled,
                Err(fault) => return self.unavailable(fault),
            };
            match self.transact(&mut pooled, body).await {
                Transacted::Ran(ended, held, left) => {
                    give_back(&self.engine, &self.backend, pooled, left);
                    return self.after(ended, held).await;
                }
                Transacted::Decided(outcome, left, unused) => {
                    give_back(&self.engine, &self.backend, pooled, left);
                    let now = Instant::now();
                    if !matches!(outcome, ClaimOutcome::InFlight { .. }) || now >= self.deadline {
                        return self.told(outcome, now);
                    }
                    let pause = poll.min(self.deadline - now);
                    self.lead.contended(pause);
                    tokio::time::sleep(pause).await;
                    poll = (poll * 2).min(LAST_POLL);
                    body = unused;
                }
                Transacted::Fault(fault, unused) => {
                    // The connection is closed with whatever is left open on it.
                    drop(pooled);
                    match fault {
                        TxFault::Conflict(_) if conflicts < CONFLICTS => conflicts += 1,
                        TxFault::Broken(_) if broken < BROKEN => broken += 1,
                        fault => return self.unavailable(fault),
                    }
                    body = unused;
                }
            }
        }
    }

    async fn transact<T, F>(&self, pooled: &mut TxConnection<Db>, mut body: F) -> Transacted<T, F>
    where
        F: AsyncFnOnce(&mut Transaction<'_, Db>) -> (T, Meaning),
    {
        let (connection, permit) = pooled.parts();
        let policy = &self.operation.policy;
        let longest = longest(policy.max_run, self.backend.longest(policy.lease));
        let begin = Begin { isolation: self.rules.isolation, claim: Some(Rivals::Tell), longest };
        if self.backend.claims_with_begin() {
            body = match self.transact_at_once(connection, permit, begin, body).await {
                Ok(transacted) => return transacted,
                // What stands there is found out by a claim that says so.
                Err(unused) => unused,
            };
            reach(points::TX_ROLLBACK_BEFORE);
            let cleared = in_time(&self.engine, self.backend.clear(connection)).await;
            reach(points::TX_ROLLBACK_AFTER);
            if let Err(fault) = cleared {
                return Transacted::Fault(fault, body);
            }
        }
        let opened = self.backend.begin(connection, permit, begin);
        let mut tx = match in_time(&self.engine, opened).await {
            Ok(tx) => tx,
            Err(fault) => return Transacted::Fault(fault, body),
        };
        reach(points::TX_BEGIN_AFTER);
        let claim = self.backend.claim(&mut tx, permit, self.lead.question(), Rivals::Tell);
        match claiming(in_time(&self.engine, claim)).await {
            Ok(Claimed::Won(held)) => {
                let ran = self.inside(permit, held, begin.longest).run(tx, body).await;
                let (ended, left) = really_ended::<_, Db>(connection, ran);
                Transacted::Ran(ended, held, left)
            }
            Ok(Claimed::Decided(outcome)) => Transacted::Decided(outcome, undo(&self.engine, tx).await, body),
            Err(fault) => Transacted::Fault(fault, body),
        }
    }

    /// Begins and claims in one message. `Err` if there is more to it than a new record.
    async fn transact_at_once<T, F>(
        &self,
        connection: &mut Db::Connection,
        permit: &CommitPermit,
        begin: Begin,
        body: F,
    ) -> Result<Transacted<T, F>, F>
    where
        F: AsyncFnOnce(&mut Transaction<'_, Db>) -> (T, Meaning),
    {
        let opened = self.backend.begin_claiming(connection, permit, begin, self.lead.question());
        let (tx, held) = match claiming(in_time(&self.engine, opened)).await {
            Ok(Some(won)) => won,
            Ok(None) => return Err(body),
            Err(fault) => return Ok(Transacted::Fault(fault, body)),
        };
        let ran = self.inside(permit, held, begin.longest).run(tx, body).await;
        let (ended, left) = really_ended::<_, Db>(connection, ran);
        Ok(Transacted::Ran(ended, held, left))
    }

    /// The claim is won.
    fn inside<'a>(&'a self, permit: &'a CommitPermit, held: HeldRow, longest: Duration) -> Inside<'a, Db> {
        self.lead.tx();
        let policy = &self.operation.policy;
        let run = current::Current::new(Running {
            address: self.operation.address,
            key: self.operation.key.clone(),
            operation: self.operation.name.clone(),
            attempt: held.attempts,
            // The database keeps stale owners out.
            fence: None,
            engine: self.engine.identity(),
            in_transaction: true,
        });
        Inside {
            engine: &self.engine,
            backend: &self.backend,
            permit,
            held: Some((held, run)),
            lead: Some(&self.lead),
            ttl: policy.ttl,
            longest,
        }
    }

    /// What is left to do once the transaction is over, and what its caller may hear.
    async fn after<T>(self, ended: Ended<T>, held: HeldRow) -> Turn<T, Db> {
        match ended {
            Ended::Committed(answer, reply, asked) => {
                let ttl = self.operation.policy.ttl;
                self.recorded(answer, reply, asked, ttl)
            }
            Ended::Lost(answer, reply, said) => {
                let asked = Instant::now();
                match (self.alone(None).await, said) {
                    (Alone::Written, Some(error)) => self.aborted(&error),
                    (Alone::Written, None) => self.again(),
                    (alone, _) => self.kept(alone, answer, reply, asked),
                }
            }
            Ended::RolledBack(answer, then) => self.rolled_back(answer, then).await,
            Ended::NotOurs { unknown, over, rest } => {
                // What is under way may still be committed: a write waits for its end, a look does not.
                let alone = if over { None } else { Some(self.alone(None).await) };
                match alone {
                    Some(Alone::Undecided) => {
                        Turn::Refused(Refused::OutcomeUndecided { retry_after: ASK_AGAIN })
                    }
                    _ => self.not_ours(held, unknown, rest).await,
                }
            }
            Ended::Undone(fault) => self.undone(fault),
            Ended::Panicked(payload) => {
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

    async fn rolled_back<T>(self, answer: T, then: Then) -> Turn<T, Db> {
        match then {
            Then::Nothing => Turn::Answer(answer),
            Then::Again => self.again(),
            Then::Keep(reply) => {
                let asked = Instant::now();
                let alone = self.alone(Some(&reply)).await;
                self.kept(alone, answer, reply, asked)
            }
            Then::Unknown => self.mark_unknown(answer).await,
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
            "a handler's transaction was rolled back, although its answer wanted it committed: was an error of a statement \
             ignored?"
        );
        Turn::Refused(Refused::TransactionAborted)
    }

    /// What a caller may hear whose record was looked for, or written, by itself.
    fn kept<T>(self, alone: Alone, answer: T, reply: Reply, asked: Instant) -> Turn<T, Db> {
        match alone {
            Alone::Written => {
                let ttl = self.operation.policy.ttl;
                self.recorded(answer, reply, asked, ttl)
            }
            Alone::Stands(ClaimOutcome::Replay(stored)) if stored.reply == reply => {
                self.recorded(answer, reply, asked, stored.remaining)
            }
            Alone::Stands(outcome) => self.told(outcome, asked),
            Alone::Undecided => Turn::Refused(Refused::OutcomeUndecided { retry_after: ASK_AGAIN }),
        }
    }

    fn recorded<T>(self, answer: T, reply: Reply, asked: Instant, remaining: Duration) -> Turn<T, Db> {
        self.remember(&reply, asked, remaining);
        self.lead.land(End::Done(reply));
        Turn::Answer(answer)
    }

    /// Another one's record is what counts.
    fn told<T>(self, outcome: ClaimOutcome, asked: Instant) -> Turn<T, Db> {
        match outcome {
            ClaimOutcome::Replay(replay) => {
                self.remember(&replay.reply, asked, replay.remaining);
                self.lead.land(End::Done(replay.reply.clone()));
                Turn::Replay(replay.reply)
            }
            ClaimOutcome::Mismatch => Turn::Refused(Refused::KeyReused),
            ClaimOutcome::Unknown => {
                self.lead.land(End::Unknown);
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
                Turn::Again(Box::new(self))
            }
            None => Turn::Refused(Refused::TransactionConflict { retry_after: ASK_AGAIN }),
        }
    }

    fn unavailable<T>(self, fault: TxFault) -> Turn<T, Db> {
        let refused = match fault {
            TxFault::Conflict(_) => Some(Refused::TransactionConflict { retry_after: ASK_AGAIN }),
            TxFault::Misconfigured(_) => Some(Refused::Misconfigured(NO_RIGHT)),
            TxFault::Refused(_) | TxFault::Broken(_) => None,
        };
        let error = fault.into_error();
        self.engine.log_failed(self.asked("transaction"), &error);
        let refused = refused.unwrap_or_else(|| {
            self.lead.land(End::Failed(error.kind()));
            store_refusal(error.kind())
        });
        Turn::Refused(refused)
    }

    /// The transaction ended before it was told to. Either all of it was rolled back, and the record is gone with it;
    /// or it was committed in the middle, and the record stands there, running: nobody knows what else was. What came
    /// after a rollback may be committed too, where the database cannot be kept from it.
    async fn not_ours<T>(self, held: HeldRow, unknown: bool, rest: Rest<T>) -> Turn<T, Db> {
        match self.give_up(held).await {
            Ok(WriteOutcome::Applied | WriteOutcome::Lost(Current::Unknown)) => {
                tracing::error!(
                    address = %held.address,
                    operation = self.operation.label.operation(),
                    "a handler's transaction was committed in the middle, by a COMMIT of its own or a change of a table: \
                     nobody knows what of it happened"
                );
                self.lead.land(End::Unknown);
                Turn::Refused(Refused::OutcomeUnknown)
            }
            Ok(WriteOutcome::Lost(_)) if unknown => {
                tracing::error!(
                    address = %held.address,
                    operation = self.operation.label.operation(),
                    "a handler's transaction ended before the handler did: nobody knows what it wrote after that, or did elsewhere"
                );
                match self.mark_unknown(()).await {
                    Turn::Answer(()) => Turn::Refused(Refused::OutcomeUnknown),
                    Turn::Replay(reply) => Turn::Replay(reply),
                    Turn::Refused(refused) => Turn::Refused(refused),
                    Turn::Panicked(payload) => Turn::Panicked(payload),
                    Turn::Again(call) => Turn::Again(call),
                }
            }
            Ok(WriteOutcome::Lost(_)) => match rest {
                Rest::Answer(answer, then) => self.rolled_back(answer, then).await,
                Rest::Undone(fault) => self.undone(fault),
                Rest::Panicked(payload) => Turn::Panicked(payload),
                Rest::TooLong => {
                    tracing::error!(
                        address = %self.operation.address,
                        operation = self.operation.label.operation(),
                        "a handler's transaction took too long and was rolled back"
                    );
                    Turn::Refused(Refused::TransactionAborted)
                }
                Rest::Again => {
                    tracing::warn!(
                        address = %held.address,
                        operation = self.operation.label.operation(),
                        "a handler's transaction was rolled back by the database while it went on"
                    );
                    self.again()
                }
                Rest::Aborted => {
                    let message = "the transaction was rolled back while the handler went on, by a statement of its own or \
                                   by a nested transaction that could not begin";
                    self.aborted(&StoreError::new(StoreErrorKind::Misconfigured, message))
                }
            },
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
                record => return Ok(WriteOutcome::Lost(Current::of(record.as_ref()))),
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
                match attempt.settle(Ending::Unknown).await {
                    Settled::Recorded => Turn::Answer(answer),
                    Settled::Superseded(reply) => Turn::Replay(reply),
                    Settled::Refused(refused) => Turn::Refused(refused),
                }
            }
            // Somebody was faster; what that came to counts.
            Ok(outcome @ (ClaimOutcome::Replay(_) | ClaimOutcome::Mismatch | ClaimOutcome::Unknown)) => {
                self.told(outcome, asked)
            }
            Ok(ClaimOutcome::InFlight { .. }) | Err(_) => {
                Turn::Refused(Refused::OutcomeUndecided { retry_after: ASK_AGAIN })
            }
        }
    }
}

async fn claiming<T>(claim: impl Future<Output = T>) -> T {
    reach(points::TX_CLAIM_BEFORE);
    let claimed = claim.await;
    reach(points::TX_CLAIM_AFTER);
    claimed
}

/// What became of a transaction; with the body, if it was not needed.
enum Transacted<T, F> {
    Ran(Ended<T>, HeldRow, Left),
    Decided(ClaimOutcome, Left, F),
    Fault(TxFault, F),
}

/// How long a handler may take: its `max_run`, or what the database bears.
pub(super) fn longest(max_run: Duration, bound: Option<Duration>) -> Duration {
    bound.map_or(max_run, |bound| bound.min(max_run))
}
