use idem_core::{Idem, Refused, idempotent};

struct Order<'a> {
    id: &'a str,
}

#[idempotent(with = idem, key = order.id, name = "settle", detach)]
async fn settle(idem: Idem, order: Order<'_>) -> Result<String, Refused> {
    Ok(order.id.to_owned())
}

fn main() {}
