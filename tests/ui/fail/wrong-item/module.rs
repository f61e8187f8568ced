use idem_core::idempotent;

#[idempotent]
mod payments {}

fn main() {}
