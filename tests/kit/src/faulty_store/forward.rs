//! The operations of the store inside, each with its fault.

use idem_core::Address;
use idem_core::protocol::{Claim, ClaimOutcome, Namespace, Record, RenewOutcome, Tally, WriteOutcome};
use idem_core::store::{
    Answers, Batch, BoxFuture, Completion, Count, Entry, Forget, Free, MarkUnknown, Page, Release, Renewal,
    Settlement, Store, StoreError, Sweep, SweepCount,
};

use super::{Calls, FaultyStore};

/// Operations with one answer.
macro_rules! one {
    ($($kind:ident $name:ident($request:ty) -> $answer:ty;)*) => {
        $(fn $name(&self, request: $request) -> BoxFuture<'_, Result<$answer, StoreError>> {
            Box::pin(self.call(
                Calls::$kind,
                move || self.inner.$name(request),
                |kind, why| Err(StoreError::new(kind, why)),
            ))
        })*
    };
}

/// Operations with an answer for each request of a batch: a fault strikes all of them.
macro_rules! many {
    ($($kind:ident $name:ident($request:ty) -> $answer:ty;)*) => {
        $(fn $name(&self, batch: Batch<$request>) -> BoxFuture<'_, Answers<$answer>> {
            let length = batch.len();
            Box::pin(self.call(
                Calls::$kind,
                move || self.inner.$name(batch),
                move |kind, why| (0..length).map(|_| Err(StoreError::new(kind, why))).collect(),
            ))
        })*
    };
}

impl<S: Store> Store for FaultyStore<S> {
    one! {
        CLAIM claim(Claim) -> ClaimOutcome;
        COMPLETE complete(Completion) -> WriteOutcome;
        RELEASE release(Release) -> WriteOutcome;
        MARK_UNKNOWN mark_unknown(MarkUnknown) -> WriteOutcome;
        LOOK_UP look_up(Address) -> Option<Record>;
        SWEEP sweep(Sweep) -> SweepCount;
        REAP reap(usize) -> usize;
        LIST list(Page) -> Vec<Entry>;
        COUNT count(Count) -> u64;
        TALLY tally(Namespace) -> Tally;
        SETTLE settle(Settlement) -> WriteOutcome;
        FREE free(Free) -> WriteOutcome;
        FORGET forget(Forget) -> WriteOutcome;
    }

    many! {
        RENEW renew(Renewal) -> RenewOutcome;
        CLAIM claim_batch(Claim) -> ClaimOutcome;
        COMPLETE complete_batch(Completion) -> WriteOutcome;
        RELEASE release_batch(Release) -> WriteOutcome;
        MARK_UNKNOWN mark_unknown_batch(MarkUnknown) -> WriteOutcome;
    }

    /// Never: a store in memory answers at once, so no time limit is held against it, and a call of this one may hang.
    fn is_local(&self) -> bool {
        false
    }
}
