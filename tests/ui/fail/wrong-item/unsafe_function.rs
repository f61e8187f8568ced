use idem_core::idempotent;

#[idempotent]
async unsafe fn pay() {}

fn main() {}
