use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, name = "settle")]
async fn settle(idem: &Idem, order: u64, #[tx] transaction: &mut ()) -> Result<u64, Refused> {
    *transaction = ();
    Ok(order)
}

fn main() {}
