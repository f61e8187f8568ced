use idem_core::idempotent;

#[idempotent]
trait Settle {}

fn main() {}
