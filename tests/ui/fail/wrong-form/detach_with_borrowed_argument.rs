use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, name = "settle", detach)]
async fn settle(idem: Idem, order: &str) -> Result<String, Refused> {
    Ok(order.to_owned())
}

fn main() {}
