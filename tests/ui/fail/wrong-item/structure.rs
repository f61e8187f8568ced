use idem_core::idempotent;

#[idempotent]
struct Payment {
    id: u64,
}

fn main() {}
