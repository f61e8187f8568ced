// What it holds may not be there yet: `with = IDEM.get().unwrap()`.

use std::sync::OnceLock;

use idem_core::{Idem, Refused, idempotent};

static IDEM: OnceLock<Idem> = OnceLock::new();

#[idempotent(with = IDEM, key = order, name = "pay")]
async fn pay(order: u64) -> Result<u64, Refused> {
    Ok(order)
}

fn main() {}
