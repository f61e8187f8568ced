use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, name = "settle")]
async fn settle(idem: &Idem, order: u64) -> Result<u64, Refused> {
    check(order)?;
    Ok(order)
}

fn check(order: u64) -> Result<(), String> {
    if order == 0 { Err("no order".to_owned()) } else { Ok(()) }
}

fn main() {}
