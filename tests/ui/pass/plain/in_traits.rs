//! Native async methods: of a trait's implementation, and with a body in the trait itself.

#![allow(async_fn_in_trait)]

use idem_core::{Idem, Refused, idempotent};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

trait Settle {
    type Receipt: Serialize + DeserializeOwned;

    fn settle(&self, order: u64) -> impl Future<Output = Result<Self::Receipt, Refused>> + Send;

    fn idem(&self) -> &Idem;

    #[idempotent(with = self.idem(), key = order, name = "twice")]
    async fn twice(&self, order: u64) -> Result<[Self::Receipt; 2], Refused>
    where
        Self: Sized,
    {
        Ok([self.settle(order).await?, self.settle(order + 1).await?])
    }
}

struct Ledger {
    idem: Idem,
}

impl Settle for Ledger {
    type Receipt = u64;

    #[idempotent(with = self.idem, key = order, name = "settle")]
    async fn settle(&self, order: u64) -> Result<u64, Refused> {
        tokio::task::yield_now().await;
        Ok(order * 100 + RUNS.next())
    }

    fn idem(&self) -> &Idem {
        &self.idem
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let ledger = Ledger { idem: support::idem() };
    for _ in 0..2 {
        assert_eq!(ledger.settle(1).await, Ok(101));
        assert_eq!(ledger.twice(1).await, Ok([101, 202]));
    }
    // The trait promises `Send`, and the expansion keeps it.
    let spawned = tokio::spawn(async move { ledger.settle(1).await });
    assert_eq!(spawned.await.unwrap(), Ok(101));
    assert_eq!(RUNS.total(), 2);
}
