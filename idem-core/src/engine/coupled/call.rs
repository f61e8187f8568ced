//! A call that is about to begin its transaction.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use sqlx::Database;

use super::bare::Bare;
use crate::engine::drain::Counted;
use crate::engine::enter::Board;
use crate::engine::lead::Lead;
use crate::engine::{ASK_AGAIN, Engine, Operation, Purpose, later, store_refusal};
use crate::refused::Refused;
use crate::reply::Reply;
use crate::store::Coupler;
use crate::tx::Isolation;

/// How the transaction is run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rules {
    pub(crate) isolation: Option<Isolation>,
    /// How often a handler may run again after a conflict.
    pub(crate) retries: u32,
}

/// A call whose handler may run, inside a transaction that has not begun.
pub(crate) struct Coupled<Db: Database> {
    pub(super) engine: Arc<Engine>,
    pub(super) coupler: Arc<dyn Coupler<Db>>,
    pub(super) rules: Rules,
    pub(super) operation: Operation,
    pub(super) lead: Lead,
    /// Until when a running rival is waited for.
    pub(super) deadline: Instant,
    _counted: Counted,
}

/// What is known before a transaction begins.
pub(crate) enum Known<Db: Database> {
    /// The answer.
    Replay(Reply),
    /// Nothing: run.
    Nothing(Box<Coupled<Db>>),
}

crate::debug::variants!([Db: Database] Known<Db> { Replay, Nothing });

impl<Db: Database> Coupled<Db> {
    /// For a log.
    pub(super) fn asked(&self, what: &'static str) -> Purpose<'_> {
        Purpose::of(what).at(self.operation.address).operation(self.operation.label.operation())
    }
}

impl Engine {
    /// Looks into this process's own memory, without a connection, and else leads all twins that come meanwhile.
    ///
    /// Cancel safe: nothing is asked of the store yet.
    pub(crate) async fn couple<Db: Database>(
        self: &Arc<Self>,
        operation: Operation,
        rules: Rules,
    ) -> Result<Known<Db>, Refused> {
        let coupler = self.coupler()?;
        let now = Instant::now();
        let deadline = later(now, operation.policy.wait);
        let lead = match self.board(&operation, now, deadline).await? {
            Board::Replay(reply) => return Ok(Known::Replay(reply)),
            Board::Failed(kind) => return Err(store_refusal(kind)),
            Board::Lead { lead, .. } => lead.in_a_transaction(),
        };
        let counted = Counted::new(self);
        // Asked again now that the call is counted: a drain either waits for it, or is seen here.
        if self.draining.load(Ordering::SeqCst) {
            return Err(Refused::ShuttingDown { retry_after: ASK_AGAIN });
        }
        // A record that was left behind is moved on, and one that expired is reaped, by nobody else.
        self.keeper.start(self);
        Ok(Known::Nothing(Box::new(Coupled {
            engine: Arc::clone(self),
            coupler,
            rules,
            operation,
            lead,
            deadline,
            _counted: counted,
        })))
    }

    /// For a call without a key: a transaction, and no record.
    pub(crate) fn bare<Db: Database>(self: &Arc<Self>, rules: Rules) -> Result<Bare<Db>, Refused> {
        Ok(Bare { coupler: self.coupler()?, engine: Arc::clone(self), rules })
    }

    fn coupler<Db: Database>(&self) -> Result<Arc<dyn Coupler<Db>>, Refused> {
        self.couplings.get::<Db>().ok_or_else(|| {
            tracing::error!(
                database = Db::NAME,
                store = ?self.store,
                "a handler asks for a transaction of a database that the idempotency store is not in"
            );
            Refused::StoreCannotCouple
        })
    }
}

impl<Db: Database> fmt::Debug for Coupled<Db> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coupled")
            .field("operation", &self.operation)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
