use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, name = "settle", fingerprint_headers = ["x-dry-run"])]
async fn settle(idem: &Idem, order: u64) -> Result<u64, Refused> {
    let _ = idem;
    Ok(order)
}

fn main() {}
