//! Claim, run, complete and commit, in one transaction.

use std::time::{Duration, Instant};

use sqlx::Database;

use super::call::{Turn, TxCall, counted};
use super::ended::{Ended, TxBody};
use super::rules::longest;
use super::transaction::{Inside, give_back, in_time, really_ended, undo};
use crate::current::{self, Running};
use crate::engine::backoff::Backoff;
use crate::fault::{points, reach};
use crate::protocol::ClaimOutcome;
use crate::store::{Begin, Claimed, CommitPermit, HeldRow, Left, Rivals, TxConnection, TxFault};

/// How often the database may undo a claim in favour of another transaction, or break a connection under it.
const CONFLICTS: u32 = 16;
const BROKEN: u32 = 2;

impl<Db: Database> TxCall<Db> {
    /// Runs `body` in a transaction, at most once, and ends it as its answer means.
    ///
    /// Cancel safe: dropped before COMMIT was sent, everything is rolled back by the database. Dropped while it is
    /// under way, it is committed or not, and the record says which.
    pub(crate) async fn run<B: TxBody<Db>>(self, body: &mut B) -> Turn<B::Answer, Db> {
        let watch = self.operation.watch.clone();
        counted(&watch, self.run_until_decided(body).await)
    }

    async fn run_until_decided<B: TxBody<Db>>(self, body: &mut B) -> Turn<B::Answer, Db> {
        let (mut conflicts, mut broken, mut backoff) = (0, 0, Backoff::for_polls());
        // A connection and the claim in it, each of them once more after a broken connection.
        let turn = self.engine.config.store_timeout.saturating_mul(4);
        loop {
            self.lead.silent_for(turn);
            reach(points::TX_BEGIN_BEFORE);
            let mut pooled = match in_time(&self.engine, "tx.connection", self.backend.connection()).await {
                Ok(pooled) => pooled,
                Err(fault) => return self.unavailable(fault),
            };
            match self.transact(&mut pooled, body).await {
                Ok(Transacted::Ran(ended, held, left)) => {
                    give_back(&self.engine, &self.backend, pooled, left);
                    return match ended {
                        Ended::Committed(answer, reply, asked) => self.written(answer, reply, asked),
                        // Boxed, so that the usual call does not carry it.
                        ended => Box::pin(self.after(ended, held)).await,
                    };
                }
                Ok(Transacted::Decided(outcome, left)) => {
                    give_back(&self.engine, &self.backend, pooled, left);
                    let now = Instant::now();
                    if !matches!(outcome, ClaimOutcome::InFlight { .. }) || now >= self.deadline {
                        return self.told(outcome, now);
                    }
                    let pause = backoff.take().min(self.deadline - now);
                    self.lead.contended(pause);
                    tokio::time::sleep(pause).await;
                }
                Err(fault) => {
                    // The connection is closed, and a transaction that is left open on it ends with it.
                    drop(pooled);
                    match fault {
                        TxFault::Conflict(_) if conflicts < CONFLICTS => conflicts += 1,
                        TxFault::Broken(_) if broken < BROKEN => broken += 1,
                        fault => return self.unavailable(fault),
                    }
                }
            }
        }
    }

    /// Begins, claims, and runs `body` if the claim is won. An error: the body did not run.
    async fn transact<B: TxBody<Db>>(
        &self,
        pooled: &mut TxConnection<Db>,
        body: &mut B,
    ) -> Result<Transacted<B::Answer>, TxFault> {
        let (connection, permit) = pooled.parts();
        let policy = &self.operation.policy;
        let longest = longest(policy.max_run, self.backend.longest(policy.lease));
        let begin = Begin { isolation: self.rules.isolation, claim: Some(Rivals::Tell), longest };
        let question = self.lead.question();
        if self.backend.claims_with_begin() {
            let opened = self.backend.begin_claiming(connection, permit, begin, question);
            let ran = match claiming(in_time(&self.engine, "tx.claim", opened)).await? {
                Some((tx, held)) => Some((self.inside(permit, held, longest).run(tx, body).await, held)),
                None => None,
            };
            if let Some((ran, held)) = ran {
                let (ended, left) = really_ended::<_, Db>(connection, ran);
                return Ok(Transacted::Ran(ended, held, left));
            }
            // There is more to it than a new record. What stands there is found out by a claim that says so.
            reach(points::TX_ROLLBACK_BEFORE);
            let cleared = in_time(&self.engine, "tx.rollback", self.backend.clear(connection)).await;
            reach(points::TX_ROLLBACK_AFTER);
            cleared?;
        }
        let mut tx = in_time(&self.engine, "tx.begin", self.backend.begin(connection, permit, begin)).await?;
        reach(points::TX_BEGIN_AFTER);
        let claim = self.backend.claim(&mut tx, permit, question, Rivals::Tell);
        match claiming(in_time(&self.engine, "tx.claim", claim)).await? {
            Claimed::Won(held) => {
                let ran = self.inside(permit, held, longest).run(tx, body).await;
                let (ended, left) = really_ended::<_, Db>(connection, ran);
                Ok(Transacted::Ran(ended, held, left))
            }
            Claimed::Decided(outcome) => Ok(Transacted::Decided(outcome, undo(&self.engine, tx).await)),
        }
    }

    /// The claim is won.
    fn inside<'a>(&'a self, permit: &'a CommitPermit, held: HeldRow, longest: Duration) -> Inside<'a, Db> {
        self.lead.tx();
        let policy = &self.operation.policy;
        self.operation.watch.begins(held.attempts);
        if held.took_over {
            self.operation.watch.takes_over();
        }
        let run = current::Current::new(Running {
            address: self.operation.address,
            key: self.operation.key.clone(),
            attempt: held.attempts,
            // The database keeps stale owners out.
            fence: None,
            engine: self.engine.identity(),
            in_transaction: true,
            watch: self.operation.watch.clone(),
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
}

async fn claiming<T>(claim: impl Future<Output = T>) -> T {
    reach(points::TX_CLAIM_BEFORE);
    let claimed = claim.await;
    reach(points::TX_CLAIM_AFTER);
    claimed
}

/// What became of a transaction.
enum Transacted<T> {
    Ran(Ended<T>, HeldRow, Left),
    /// Another record stands there, and the body did not run.
    Decided(ClaimOutcome, Left),
}
