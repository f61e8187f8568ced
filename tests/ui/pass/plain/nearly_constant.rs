//! Keys, scopes and fingerprints that look constant, and are not.

use idem_core::{Idem, Refused, idempotent};

use crate::support::{Runs, idem};

static RUNS: Runs = Runs::new();

#[idempotent(
    with = idem,
    key = format!("{id}"),
    scope = ("eu", format!("{:>1$}", tenant, width)),
    fingerprint = (1, "x", amount),
    name = "nearly-constant"
)]
async fn charge(idem: &Idem, id: &str, tenant: &str, width: usize, amount: u64) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[idempotent(with = idem, key = format!("{}{{x}}", id), scope = String::from(tenant), name = "nearly-constant-2")]
async fn refund(idem: &Idem, id: &str, tenant: &str) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[tokio::test]
async fn passes() {
    let idem = idem();
    assert_eq!(charge(&idem, "a", "x", 3, 7).await, Ok(1));
    assert_eq!(charge(&idem, "a", "x", 3, 7).await, Ok(1));
    assert_eq!(charge(&idem, "a", "x", 4, 7).await, Ok(2));
    assert_eq!(charge(&idem, "b", "x", 3, 7).await, Ok(3));
    assert_eq!(charge(&idem, "a", "x", 3, 8).await, Err(Refused::KeyReused));
    assert_eq!(refund(&idem, "a", "x").await, Ok(4));
    assert_eq!(refund(&idem, "a", "y").await, Ok(5));
    assert_eq!(refund(&idem, "a", "x").await, Ok(4));
}
