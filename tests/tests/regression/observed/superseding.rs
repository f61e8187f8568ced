//! A store in which another attempt completes an operation just before its owner marks it as unknown.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Response;
use idem_core::protocol::{
    Claim, ClaimOutcome, Namespace, Nonce, Order, Record, RenewOutcome, Seen, WriteOutcome,
};
use idem_core::store::sqlite::SqliteStore;
use idem_core::store::{
    Answers, Batch, BoxFuture, Completion, Count, Entry, Forget, Free, MarkUnknown, Page, Release, Renewal,
    Settlement, Store, StoreError, Sweep, SweepCount, TxBackends,
};
use idem_core::{Address, response};

const HOUR: Duration = Duration::from_hours(1);

#[derive(Debug)]
pub(super) struct Superseding(pub(super) Arc<SqliteStore>);

impl Superseding {
    /// An operator frees the record, and another attempt completes it.
    async fn supersede(&self, address: Address) -> Result<(), StoreError> {
        let record = self.0.look_up(address).await?.expect("it runs");
        let terms = record.terms.clone().expect("this version claimed it");
        let (namespace, order) = (Namespace::new(terms.namespace()), Order::by("ada").because("it is dead"));
        let freed = self.0.free(Free::new(namespace, address, Seen::of(&record), order, HOUR)).await?;
        assert_eq!(freed, WriteOutcome::Applied);
        let claim = Claim::new(address, Nonce::fresh(), record.fingerprint, HOUR, terms);
        let ClaimOutcome::Won(won) = self.0.claim(claim).await? else { panic!("the key is free") };
        let reply = response::reply(&Response::builder().status(202).body("").expect("a response"));
        let done = self.0.complete(Completion::new(address, won.owner, reply, HOUR)).await?;
        assert_eq!(done, WriteOutcome::Applied);
        Ok(())
    }
}

macro_rules! forward {
    ($($name:ident($request:ty) -> $answer:ty;)*) => {
        $(fn $name(&self, request: $request) -> BoxFuture<'_, $answer> {
            self.0.$name(request)
        })*
    };
}

impl Store for Superseding {
    forward! {
        claim(Claim) -> Result<ClaimOutcome, StoreError>;
        complete(Completion) -> Result<WriteOutcome, StoreError>;
        release(Release) -> Result<WriteOutcome, StoreError>;
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

    fn mark_unknown(&self, mark: MarkUnknown) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        Box::pin(async move {
            self.supersede(mark.address).await?;
            self.0.mark_unknown(mark).await
        })
    }

    fn tx_backends(self: Arc<Self>, tx_backends: &mut TxBackends) {
        Arc::clone(&self.0).tx_backends(tx_backends);
    }
}
