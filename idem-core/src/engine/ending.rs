//! The write that ends a claim, repeated until the store takes it.

use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::calls::CallSite;
use super::{Engine, Purpose};
use crate::address::Address;
use crate::protocol::{Owner, WriteOutcome};
use crate::refused::UnavailableResult;
use crate::reply::Reply;
use crate::store::{Completion, MarkUnknown, Release, StoreError, StoreErrorKind};

/// How a claim ends in the store.
#[derive(Debug, Clone)]
pub(crate) enum Ending {
    /// With this answer.
    Complete(Reply),
    /// Nothing happened; the same request may run again.
    Release,
    /// The outcome is not known.
    Unknown,
}

impl Ending {
    /// Where the store never takes the answer, the record gets a tombstone, so that the operation does not run again.
    /// False if there is nothing to give up.
    fn gives_up_its_answer(&mut self, error: &StoreError) -> bool {
        match self {
            Self::Complete(reply)
                if error.kind() == StoreErrorKind::Unstorable && reply.why_unavailable().is_none() =>
            {
                *reply = Reply::tombstone(UnavailableResult::NotTaken);
                true
            }
            Self::Complete(_) | Self::Release | Self::Unknown => false,
        }
    }
}

/// A guarded write that ends a claim. Repeating it is safe.
#[derive(Debug)]
pub(super) struct EndWrite<'a> {
    pub(super) address: Address,
    pub(super) owner: Owner,
    /// Changed where the store never takes its answer.
    pub(super) ending: &'a mut Ending,
    /// How long the record is kept.
    pub(super) retention: Duration,
    /// The operation's name, where it is known.
    pub(super) operation: Option<&'a str>,
    /// The claim was won without a caller, and its handler never began.
    pub(super) unclaimed: bool,
}

impl EndWrite<'_> {
    const fn site(&self) -> CallSite {
        match self.ending {
            Ending::Complete(_) => CallSite::COMPLETE,
            Ending::Release if self.unclaimed => CallSite::RELEASE_UNCLAIMED,
            Ending::Release => CallSite::RELEASE,
            Ending::Unknown => CallSite::MARK_UNKNOWN,
        }
    }
}

/// The caller gets the answer, and repetitions do not.
pub(super) fn log_unstorable(address: Address, error: &StoreError) {
    tracing::error!(%address, %error, "the store takes no answer like this one: repetitions get `result-unavailable`");
}

impl Engine {
    /// Writes until the store has answered, and returns its answer with the time just before it was asked. `None` once
    /// `limit` has passed without an answer.
    pub(super) async fn end_claim(
        &self,
        write: EndWrite<'_>,
        limit: Option<Duration>,
    ) -> Option<(WriteOutcome, Instant)> {
        let mut backoff = Backoff::for_writes();
        let begun = Instant::now();
        let mut asked = begun;
        loop {
            match self.end_claim_once(&write).await {
                Ok(outcome) => return Some((outcome, asked)),
                Err(error) if write.ending.gives_up_its_answer(&error) => {
                    log_unstorable(write.address, &error);
                }
                Err(error) => {
                    self.log_not_ended(&write, &error);
                    let next = backoff.next();
                    if limit.is_some_and(|limit| begun.elapsed().saturating_add(next) > limit) {
                        return None;
                    }
                    backoff.pause().await;
                    asked = Instant::now();
                }
            }
        }
    }

    /// A claim whose handler never began has no outcome to lose.
    fn log_not_ended(&self, write: &EndWrite<'_>, error: &StoreError) {
        let purpose = |what| Purpose { what, address: Some(write.address), operation: write.operation };
        if write.unclaimed && matches!(write.ending, Ending::Release) {
            self.log_failed(purpose("release of a claim without a caller"), error);
        } else {
            self.log_unrecorded(purpose("outcome"), error);
        }
    }

    async fn end_claim_once(&self, write: &EndWrite<'_>) -> Result<WriteOutcome, StoreError> {
        let &EndWrite { address, owner, ref ending, retention, .. } = write;
        self.store
            .call(write.site(), |store| match &**ending {
                Ending::Complete(reply) => {
                    store.complete(Completion { address, owner, reply: reply.clone(), retention })
                }
                Ending::Release => store.release(Release { address, owner, retention }),
                Ending::Unknown => store.mark_unknown(MarkUnknown { address, owner }),
            })
            .await
    }
}
