//! `()`, `0`, `None` and an empty list are values like any other: they are stored, not asked for again.

use idem_core::{Idem, Refused, idempotent};

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

#[idempotent(with = idem, key = order, name = "unit")]
async fn unit(idem: &Idem, order: u64) -> Result<(), Refused> {
    RUNS.next();
    Ok(())
}

#[idempotent(with = idem, key = order, name = "zero")]
async fn zero(idem: &Idem, order: u64) -> Result<i64, Refused> {
    RUNS.next();
    Ok(0)
}

#[idempotent(with = idem, key = order, name = "none")]
async fn none(idem: &Idem, order: u64) -> Result<Option<String>, Refused> {
    RUNS.next();
    Ok(None)
}

#[idempotent(with = idem, key = order, name = "empty")]
async fn empty(idem: &Idem, order: u64) -> Result<Vec<u8>, Refused> {
    RUNS.next();
    Ok(Vec::new())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    for _ in 0..2 {
        assert_eq!(unit(&idem, 1).await, Ok(()));
        assert_eq!(zero(&idem, 1).await, Ok(0));
        assert_eq!(none(&idem, 1).await, Ok(None));
        assert_eq!(empty(&idem, 1).await, Ok(Vec::new()));
    }
    assert_eq!(RUNS.total(), 4);
}
