#![allow(async_fn_in_trait)]

use idem_core::{Idem, Refused, idempotent};

trait Settle {
    fn idem(&self) -> &Idem;

    #[idempotent(with = self.idem(), key = order, name = "settle")]
    async fn settle(&self, order: u64) -> Result<u64, Refused>;
}

fn main() {}
