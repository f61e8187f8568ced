// `super` is another module in each place.

use idem_core::idempotent;

#[idempotent(crate = super::idem)]
async fn pay() {}

fn main() {}
