//! One question to a hook, and the verdict.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::super::panics::caught;
use super::super::{CallSite, Engine, Purpose};
use crate::address::Address;
use crate::protocol::{Order, Record, Seen, State, Verdict, WriteOutcome};
use crate::store::Settlement;
use crate::verify::{Hook, Unsettled, Verification};

/// Where a hook runs.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) enum HookPlace<'h> {
    /// In the task that asks.
    Here,
    /// In a task of its own, since the keeper must not be held up.
    On(&'h Handle),
}

impl Engine {
    /// How long [`find_out`](Self::find_out) takes at most: a look at the record, the hook, and the verdict.
    pub(in crate::engine) const fn find_out_limit(&self) -> Duration {
        self.config.verify_timeout.saturating_add(self.config.store_timeout.saturating_mul(2))
    }

    /// Settles an unknown record by what the hook of its operation says. True if the record may have moved, so that a
    /// claim is worth asking again. The caller leads the record's flight, which keeps others in this process away.
    ///
    /// Cancel safe: the hook is dropped, and what it said is written or not.
    pub(in crate::engine) async fn find_out(
        &self,
        address: Address,
        operation: &str,
        lease: Duration,
        retention: Duration,
        place: HookPlace<'_>,
    ) -> bool {
        let Some(hook) = self.config.hooks.get(operation) else { return false };
        let record = match self.store.call(CallSite::VERIFY_LOOK_UP, |store| store.look_up(address)).await {
            Ok(Some(record)) if record.state == State::Unknown => record,
            // Stuck is for people.
            Ok(Some(Record { state: State::Stuck, .. })) => return false,
            Err(error) => {
                let asked = Purpose::of("look at an unknown outcome").at(address).operation(operation);
                self.log_failed(asked, &error);
                return false;
            }
            Ok(_) => return true,
        };
        let owner = record.owner;
        if !self.may_ask(address, owner, record.lease_or(lease)) {
            return false;
        }
        let verdict = match self.ask(hook, Unsettled::of(address, &record), place).await {
            Verification::Happened(reply) => Verdict::Happened(reply),
            Verification::DidNotHappen => Verdict::DidNotHappen,
            Verification::CannotTell => {
                self.verifier.doubts.put_off(address, owner, self.config.verify_pause, Instant::now());
                return false;
            }
        };
        let (seen, order) = (Seen::of(&record), Order::verified());
        let namespace = self.namespace();
        let settlement = Settlement { namespace, address, seen, verdict, order, retention };
        match self.store.call(CallSite::VERIFY_SETTLE, |store| store.settle(settlement)).await {
            Ok(outcome) => {
                self.verifier.doubts.forget(address);
                match outcome {
                    WriteOutcome::Applied => {
                        tracing::info!(%address, operation, "a verify hook settled an unknown outcome");
                    }
                    WriteOutcome::Lost(current) => {
                        tracing::info!(%address, operation, ?current, "a verify hook was too late: the record had moved");
                    }
                }
            }
            // Perhaps written: a claim will tell.
            Err(error) => {
                self.log_unrecorded(
                    Purpose::of("verdict of a hook").at(address).operation(operation),
                    &error,
                );
                self.verifier.doubts.put_off(address, owner, self.config.verify_pause, Instant::now());
            }
        }
        true
    }

    /// An error, a panic or a timeout of the hook counts as `CannotTell`.
    async fn ask(&self, hook: Arc<dyn Hook>, unsettled: Unsettled, place: HookPlace<'_>) -> Verification {
        let (address, operation) = (unsettled.address(), unsettled.label().clone());
        let operation = operation.operation();
        let asked = async move { caught(pin!(hook.ask(unsettled))).await };
        let answer = match place {
            HookPlace::Here => tokio::time::timeout(self.config.verify_timeout, asked).await,
            HookPlace::On(runtime) => {
                let mut task = Aborting(runtime.spawn(asked));
                let answer = tokio::time::timeout(self.config.verify_timeout, &mut task.0).await;
                match answer {
                    Ok(Ok(answer)) => Ok(answer),
                    Ok(Err(error)) => {
                        tracing::warn!(%address, operation, %error, "the runtime of a verify hook is gone");
                        self.verifier.home.is_gone();
                        return Verification::CannotTell;
                    }
                    Err(late) => Err(late),
                }
            }
        };
        match answer {
            Ok(Ok(Ok(verification))) => {
                if verification == Verification::CannotTell {
                    tracing::warn!(%address, operation, "a verify hook cannot tell");
                }
                return verification;
            }
            Ok(Ok(Err(error))) => tracing::warn!(%address, operation, %error, "a verify hook failed"),
            Ok(Err(_)) => tracing::error!(%address, operation, "a verify hook panicked"),
            Err(_) => tracing::warn!(%address, operation, "a verify hook took too long"),
        }
        Verification::CannotTell
    }
}

/// A task that is aborted when the future that waits for it is dropped.
struct Aborting<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for Aborting<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
