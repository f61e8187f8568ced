//! A store that brings no batch forms of its own, so the provided ones are tested too.

use idem_core::address::Address;
use idem_core::protocol::{Claim, ClaimOutcome, Record, RenewOutcome, WriteOutcome};
use idem_core::store::memory::MemoryStore;
use idem_core::store::{
    Answers, Batch, BoxFuture, Completion, Count, Entry, Forget, Free, MarkUnknown, Page, Release, Renewal,
    Settlement, Store, StoreError, Sweep, SweepCount,
};

#[derive(Debug)]
pub(super) struct OneByOne(pub(super) MemoryStore);

macro_rules! forward {
    ($($name:ident($request:ty) -> $answer:ty;)*) => {
        $(fn $name(&self, request: $request) -> BoxFuture<'_, $answer> {
            self.0.$name(request)
        })*
    };
}

impl Store for OneByOne {
    forward! {
        claim(Claim) -> Result<ClaimOutcome, StoreError>;
        complete(Completion) -> Result<WriteOutcome, StoreError>;
        release(Release) -> Result<WriteOutcome, StoreError>;
        mark_unknown(MarkUnknown) -> Result<WriteOutcome, StoreError>;
        renew(Batch<Renewal>) -> Answers<RenewOutcome>;
        look_up(Address) -> Result<Option<Record>, StoreError>;
        sweep(Sweep) -> Result<SweepCount, StoreError>;
        reap(usize) -> Result<usize, StoreError>;
        list(Page) -> Result<Vec<Entry>, StoreError>;
        count(Count) -> Result<u64, StoreError>;
        settle(Settlement) -> Result<WriteOutcome, StoreError>;
        free(Free) -> Result<WriteOutcome, StoreError>;
        forget(Forget) -> Result<WriteOutcome, StoreError>;
    }
}
