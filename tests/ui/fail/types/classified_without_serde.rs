// An error that may be final is stored, so serde must know it.

use idem_core::{Classify, ErrorClass, Idem, Refused, idempotent};

struct Bank;

impl Classify for Bank {
    fn class(&self) -> ErrorClass {
        ErrorClass::Ambiguous
    }
}

impl From<Refused> for Bank {
    fn from(_: Refused) -> Self {
        Self
    }
}

#[idempotent(with = idem, key = order, name = "pay")]
async fn pay(idem: &Idem, order: u64) -> Result<u64, Bank> {
    Ok(order)
}

fn main() {}
