// The `fn` in it is a type.

use idem_core::idempotent;

#[idempotent]
type Handler = fn(u64) -> u64;

fn main() {}
