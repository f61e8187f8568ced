//! A call without a key: a transaction, and no record.

use std::sync::Arc;

use sqlx::Database;

use super::ended::{Cause, Ended, TxBody};
use super::rules::{TxOptions, longest};
use super::transaction::{Inside, give_back, in_time, really_ended};
use crate::engine::{ASK_AGAIN, Engine, Purpose};
use crate::refused::Refused;
use crate::store::{Begin, TxBackend, TxFault};

/// A handler of a request that needs no key, or has none where it is optional.
pub(crate) struct Bare<Db: Database> {
    pub(super) engine: Arc<Engine>,
    pub(super) backend: Arc<dyn TxBackend<Db>>,
    pub(super) rules: TxOptions,
}

impl<Db: Database> std::fmt::Debug for Bare<Db> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bare").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl<Db: Database> Bare<Db> {
    /// Runs `body` and commits what its answer wants committed.
    ///
    /// # Errors
    /// No transaction could be begun or committed. Whether a lost COMMIT happened cannot be found out without a record.
    pub(crate) async fn run<B: TxBody<Db>>(self, body: &mut B) -> Result<B::Answer, Refused> {
        let Self { engine, backend, rules } = self;
        let away = |fault: TxFault| {
            engine.log_failed(Purpose::of("transaction without a key"), &fault.into_error());
            Refused::StoreUnavailable { retry_after: ASK_AGAIN }
        };
        let mut pooled = in_time(&engine, "tx.connection", backend.connection()).await.map_err(away)?;
        let (connection, permit) = pooled.parts();
        let permit = Arc::clone(permit);
        let policy = &engine.config.policy;
        let longest = longest(policy.max_run, backend.longest(policy.lease));
        let begin = Begin { isolation: rules.isolation, claim: None, longest };
        let tx =
            in_time(&engine, "tx.begin", backend.begin(connection, &permit, begin)).await.map_err(away)?;
        let inside = Inside {
            engine: &engine,
            backend: &backend,
            permit: &permit,
            held: None,
            lead: None,
            ttl: policy.ttl,
            longest,
        };
        let ran = inside.run(tx, body).await;
        let (connection, _) = pooled.parts();
        let (ended, left) = really_ended::<_, Db>(connection, ran);
        give_back(&engine, &backend, pooled, left);
        match ended {
            Ended::Committed(answer, ..) | Ended::RolledBack(Cause::Answer(answer, _)) => Ok(answer),
            Ended::Lost(..) => Err(Refused::OutcomeUnknown),
            Ended::RolledBack(Cause::Fault(TxFault::Conflict(_))) => {
                Err(Refused::TransactionConflict { retry_after: ASK_AGAIN })
            }
            Ended::RolledBack(Cause::Fault(fault))
                if backend.holds_commits() || !matches!(fault, TxFault::Broken(_)) =>
            {
                tracing::error!(error = ?fault.into_error(), "a handler's transaction was rolled back");
                Err(Refused::TransactionAborted)
            }
            Ended::NotOurs { cause: Cause::Answer(answer, _), .. } if backend.holds_commits() => Ok(answer),
            Ended::RolledBack(Cause::Panic(payload))
            | Ended::NotOurs { cause: Cause::Panic(payload), .. } => std::panic::resume_unwind(payload),
            Ended::NotOurs { .. } if backend.holds_commits() => Err(Refused::TransactionAborted),
            Ended::RolledBack(Cause::Fault(_)) | Ended::NotOurs { .. } => {
                tracing::error!(
                    "a handler's transaction ended before it was told to, and has no record that tells what was committed"
                );
                Err(Refused::OutcomeUnknown)
            }
        }
    }
}
