// Later calls read the value back.

use std::borrow::Cow;

use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, name = "pay")]
async fn pay<'a>(idem: &Idem, order: &'a str) -> Result<Vec<Cow<'a, str>>, Refused> {
    Ok(vec![Cow::Borrowed(order)])
}

fn main() {}
