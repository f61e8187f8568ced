// What `#[async_trait]` makes of a method before `#[idempotent]` sees it.

use std::pin::Pin;

use idem_core::{Idem, Refused, idempotent};

struct Ledger {
    idem: Idem,
}

impl Ledger {
    #[idempotent(with = self.idem, key = order, name = "settle")]
    fn settle<'life0, 'async_trait>(
        &'life0 self,
        order: u64,
    ) -> Pin<Box<dyn Future<Output = Result<u64, Refused>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move { Ok(order) })
    }
}

fn main() {}
