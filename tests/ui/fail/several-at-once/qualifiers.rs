use idem_core::idempotent;

#[idempotent]
const unsafe extern "C" fn pay() {}

fn main() {}
