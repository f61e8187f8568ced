use std::rc::Rc;

use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, name = "settle", detach)]
async fn settle(idem: Idem, order: u64, rate: Rc<u64>) -> Result<u64, Refused> {
    Ok(order * *rate)
}

fn main() {}
