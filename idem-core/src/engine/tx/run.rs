//! Claim, run, complete and commit, in one transaction.

use std::time::{Duration, Instant};

use sqlx::{Database, Transaction};

use super::call::{Turn, TxCall};
use super::ended::{Ended, Meaning};
use super::rules::longest;
use super::transaction::{Inside, give_back, in_time, really_ended, undo};
use crate::current::{self, Running};
use crate::engine::enter::{FIRST_POLL, LAST_POLL};
use crate::fault::{points, reach};
use crate::protocol::ClaimOutcome;
use crate::store::{Begin, Claimed, CommitPermit, HeldRow, Left, Rivals, TxConnection, TxFault};

/// How often the database may undo a claim in favour of another transaction, or break a connection under it.
const CONFLICTS: u32 = 16;
const BROKEN: u32 = 2;

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
                    // The connection is closed, and a transaction that is left open on it ends with it.
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
        self.operation.watch.begins(held.attempts);
        if held.took_over {
            self.operation.watch.takes_over();
        }
        let run = current::Current::new(Running {
            address: self.operation.address,
            key: self.operation.key.clone(),
            operation: self.operation.name.clone(),
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

/// What became of a transaction; with the body, if it was not needed.
enum Transacted<T, F> {
    Ran(Ended<T>, HeldRow, Left),
    Decided(ClaimOutcome, Left, F),
    Fault(TxFault, F),
}
