use std::pin::Pin;

use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, name = "settle")]
fn settle(idem: &Idem, order: u64) -> Pin<Box<dyn Future<Output = Result<u64, Refused>> + Send + '_>> {
    Box::pin(async move { Ok(order) })
}

fn main() {}
