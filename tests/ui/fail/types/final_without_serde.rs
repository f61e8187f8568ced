// A final error is stored, so serde must know it.

use idem_core::{Final, Idem, Refused, idempotent};

struct Bank;

impl From<Refused> for Bank {
    fn from(_: Refused) -> Self {
        Self
    }
}

#[idempotent(with = idem, key = order, name = "pay")]
async fn pay(idem: &Idem, order: u64) -> Result<u64, Final<Bank>> {
    Ok(order)
}

fn main() {}
