//! The scope of a key, and the fingerprint of a call.

use idem_core::{Idem, Refused, idempotent};
use serde::Serialize;

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

#[derive(Serialize)]
struct Order {
    tenant: String,
    id: u64,
    amount: u64,
}

#[idempotent(with = idem, key = order.id, name = "settle", scope = order.tenant, fingerprint = &order)]
async fn settle(idem: &Idem, order: Order) -> Result<u64, Refused> {
    Ok(order.amount * 10 + RUNS.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    let order = |tenant: &str, amount| Order { tenant: tenant.to_owned(), id: 1, amount };
    assert_eq!(settle(&idem, order("acme", 5)).await, Ok(51));
    assert_eq!(settle(&idem, order("acme", 5)).await, Ok(51));
    assert_eq!(settle(&idem, order("zeta", 5)).await, Ok(52));
    assert_eq!(settle(&idem, order("acme", 6)).await, Err(Refused::KeyReused));
    assert_eq!(settle(&idem, order("", 6)).await.unwrap_err().code(), "scope-missing");
    assert_eq!(RUNS.total(), 2);
}
