use idem_core::idempotent;

#[idempotent]
async extern "C" fn pay() {}

fn main() {}
