//! Methods with each kind of `self`.

use std::pin::Pin;
use std::sync::Arc;

use idem_core::{Idem, Refused, idempotent};

use crate::support;

#[derive(Clone)]
struct Ledger {
    idem: Idem,
    sum: u64,
}

impl Ledger {
    #[idempotent(with = self.idem, key = order, name = "by-reference")]
    async fn by_reference(&self, order: &str, amount: u64) -> Result<u64, Refused> {
        self.plus(amount + order.len() as u64).await
    }

    #[idempotent(with = self.idem, key = order, name = "by-mutable-reference")]
    async fn by_mutable_reference(&mut self, order: u64) -> Result<u64, Refused> {
        self.sum += 1;
        self.plus(order).await
    }

    #[idempotent(with = self.idem, key = order, name = "by-value")]
    async fn by_value(mut self, order: u64) -> Result<u64, Refused> {
        self.sum += order;
        Ok(self.sum)
    }

    #[idempotent(with = self.idem, key = order, name = "by-arc")]
    async fn by_arc(self: Arc<Self>, order: u64) -> Result<u64, Refused> {
        Self::plus(&self, order).await
    }

    #[idempotent(with = self.idem, key = order, name = "by-pin")]
    async fn by_pin(self: Pin<&mut Self>, order: u64) -> Result<u64, Refused> {
        self.get_mut().sum += order;
        Ok(order)
    }

    async fn plus(&self, amount: u64) -> Result<u64, Refused> {
        Ok(self.sum + amount)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let mut ledger = Ledger { idem: support::idem(), sum: 10 };
    // The other amount is not asked for again.
    assert_eq!(ledger.by_reference("abc", 4).await, Ok(17));
    assert_eq!(ledger.by_reference("abc", 5).await, Ok(17));

    assert_eq!(ledger.by_mutable_reference(7).await, Ok(18));
    assert_eq!(ledger.by_mutable_reference(7).await, Ok(18));
    assert_eq!(ledger.sum, 11);

    assert_eq!(ledger.clone().by_value(2).await, Ok(13));
    ledger.sum = 0;
    assert_eq!(ledger.clone().by_value(2).await, Ok(13));

    assert_eq!(Arc::new(ledger.clone()).by_arc(3).await, Ok(3));
    ledger.sum = 100;
    assert_eq!(Arc::new(ledger.clone()).by_arc(3).await, Ok(3));

    assert_eq!(Pin::new(&mut ledger).by_pin(5).await, Ok(5));
    assert_eq!(Pin::new(&mut ledger).by_pin(5).await, Ok(5));
    assert_eq!(ledger.sum, 105);
}
