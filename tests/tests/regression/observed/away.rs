//! A store that is not to be reached.

use idem_core::Address;
use idem_core::protocol::{Claim, ClaimOutcome, Record, RenewOutcome, WriteOutcome};
use idem_core::store::{
    Answers, Batch, BoxFuture, Completion, Count, Entry, Forget, Free, MarkUnknown, Page, Release, Renewal,
    Settlement, Store, StoreError, StoreErrorKind, Sweep, SweepCount,
};

#[derive(Debug)]
pub(super) struct Away;

fn away() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the server is off")
}

macro_rules! fails {
    ($($name:ident($request:ty) -> $answer:ty;)*) => {
        $(fn $name(&self, _: $request) -> BoxFuture<'_, Result<$answer, StoreError>> {
            Box::pin(async { Err(away()) })
        })*
    };
}

impl Store for Away {
    fails! {
        claim(Claim) -> ClaimOutcome;
        complete(Completion) -> WriteOutcome;
        release(Release) -> WriteOutcome;
        mark_unknown(MarkUnknown) -> WriteOutcome;
        look_up(Address) -> Option<Record>;
        sweep(Sweep) -> SweepCount;
        reap(usize) -> usize;
        list(Page) -> Vec<Entry>;
        count(Count) -> u64;
        settle(Settlement) -> WriteOutcome;
        free(Free) -> WriteOutcome;
        forget(Forget) -> WriteOutcome;
    }

    fn renew(&self, batch: Batch<Renewal>) -> BoxFuture<'_, Answers<RenewOutcome>> {
        Box::pin(async move { batch.into_iter().map(|_| Err(away())).collect() })
    }
}
