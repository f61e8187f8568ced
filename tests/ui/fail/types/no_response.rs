use idem_core::idempotent;

struct Payment {
    id: u64,
}

#[idempotent]
async fn pay() -> Payment {
    Payment { id: 1 }
}

fn main() {}
