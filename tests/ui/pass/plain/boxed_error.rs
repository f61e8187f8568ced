//! Errors without a type of their own, which cannot be stored and need not be.

use std::error::Error;

use idem_core::{Idem, Refused, idempotent};

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

#[idempotent(with = idem, key = order, name = "settle")]
async fn settle(idem: &Idem, order: &str, amount: &str) -> Result<u64, Box<dyn Error>> {
    RUNS.next();
    Ok(amount.parse()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    assert_eq!(settle(&idem, "o-1", "x").await.unwrap_err().to_string(), "invalid digit found in string");
    assert_eq!(settle(&idem, "o-1", "5").await.unwrap(), 5);
    assert_eq!(settle(&idem, "o-1", "6").await.unwrap(), 5);
    assert_eq!(RUNS.total(), 2);
    // A refusal is found again in the box.
    let refused = settle(&idem, "", "5").await.unwrap_err();
    assert_eq!(refused.downcast_ref::<Refused>().map(Refused::code), Some("idempotency-key-invalid"));
}
