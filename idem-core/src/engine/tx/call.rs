//! A call that is about to begin its transaction.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use sqlx::Database;

use super::bare::Bare;
use super::rules::TxOptions;
use crate::engine::drain::Counted;
use crate::engine::enter::LocalLookup;
use crate::engine::leader::Leader;
use crate::engine::{ASK_AGAIN, Engine, Operation, Purpose, later, store_refusal};
use crate::observe::{Outcome, Watch};
use crate::policy::OnError;
use crate::refused::Refused;
use crate::reply::Reply;
use crate::store::TxBackend;

/// A call whose handler may run, inside a transaction that has not begun.
pub(crate) struct TxCall<Db: Database> {
    pub(super) engine: Arc<Engine>,
    pub(super) backend: Arc<dyn TxBackend<Db>>,
    pub(super) rules: TxOptions,
    pub(super) operation: Operation,
    pub(super) lead: Leader,
    /// Until when a running rival is waited for.
    pub(super) deadline: Instant,
    _counted: Counted,
}

/// What becomes of a call.
pub(crate) enum Turn<T, Db: Database> {
    /// The handler may run: for the first time, or again, since nothing of its last run is left.
    Run(Box<TxCall<Db>>),
    /// The handler's own answer may leave.
    Answer(T),
    /// The reply of the record counts.
    Replay(Reply),
    /// No answer.
    Refused(Refused),
    /// The handler panicked, and everything is rolled back.
    Panicked(Box<dyn Any + Send>),
}

crate::debug::variants!([T, Db: Database] Turn<T, Db> { Run, Answer, Replay, Refused, Panicked });

/// Counts how a call ended that no write of its record has counted.
pub(super) fn counted<T, Db: Database>(watch: &Watch, turn: Turn<T, Db>) -> Turn<T, Db> {
    match &turn {
        Turn::Replay(_) => watch.ends(Outcome::Replayed),
        Turn::Refused(refused) if *refused != Refused::KeyReused => {
            watch.ends(Outcome::Refused(refused.code()));
        }
        Turn::Panicked(_) => watch.ends(Outcome::Released),
        // Counted where its record was written, or rolled back; a mismatch once it is known whether the version before
        // has written the record.
        Turn::Answer(_) | Turn::Run(_) | Turn::Refused(_) => {}
    }
    turn
}

impl<Db: Database> TxCall<Db> {
    /// What becomes of the record when the handler fails.
    pub(crate) const fn on_error(&self) -> OnError {
        self.operation.policy.on_error
    }

    /// For a log.
    pub(super) fn asked(&self, what: &'static str) -> Purpose<'_> {
        Purpose::of(what).at(self.operation.address).operation(self.operation.label.operation())
    }
}

impl Engine {
    /// Looks into this process's own memory, without a connection, and else leads all calls of the address that come
    /// meanwhile.
    ///
    /// Cancel safe: nothing is asked of the store yet.
    pub(crate) async fn enter_tx<T, Db: Database>(
        self: &Arc<Self>,
        operation: Operation,
        rules: TxOptions,
    ) -> Turn<T, Db> {
        let watch = operation.watch.clone();
        let turn = match self.look_up_for_tx(operation, rules).await {
            Ok(turn) => turn,
            Err(refused) => Turn::Refused(refused),
        };
        counted(&watch, turn)
    }

    async fn look_up_for_tx<T, Db: Database>(
        self: &Arc<Self>,
        operation: Operation,
        rules: TxOptions,
    ) -> Result<Turn<T, Db>, Refused> {
        let backend = self.tx_backend()?;
        let now = Instant::now();
        let deadline = later(now, operation.policy.wait);
        let lead = match self.look_up_locally(&operation, now, deadline).await? {
            LocalLookup::Replay(reply) => return Ok(Turn::Replay(reply)),
            LocalLookup::Failed(kind) => return Err(store_refusal(kind)),
            LocalLookup::Lead { lead, .. } => lead.in_a_transaction(),
        };
        let counted = Counted::new(self);
        // Asked again now that the call is counted: a drain either waits for it, or is seen here.
        if self.draining.load(Ordering::SeqCst) {
            return Err(Refused::ShuttingDown { retry_after: ASK_AGAIN });
        }
        // Only the keeper moves on a record that was left behind, and reaps one that expired.
        self.keeper.start(self);
        Ok(Turn::Run(Box::new(TxCall {
            engine: Arc::clone(self),
            backend,
            rules,
            operation,
            lead,
            deadline,
            _counted: counted,
        })))
    }

    /// For a call without a key: a transaction, and no record.
    pub(crate) fn bare<Db: Database>(self: &Arc<Self>, rules: TxOptions) -> Result<Bare<Db>, Refused> {
        Ok(Bare { backend: self.tx_backend()?, engine: Arc::clone(self), rules })
    }

    fn tx_backend<Db: Database>(&self) -> Result<Arc<dyn TxBackend<Db>>, Refused> {
        self.tx_backends.get::<Db>().ok_or_else(|| {
            tracing::error!(
                database = Db::NAME,
                store = ?self.store,
                "a handler asks for a transaction of a database that the idempotency store is not in"
            );
            Refused::StoreCannotCouple
        })
    }
}

impl<Db: Database> fmt::Debug for TxCall<Db> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TxCall")
            .field("operation", &self.operation)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
