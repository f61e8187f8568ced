use idem_core::{Idem, idempotent};

struct Ledger {
    idem: Idem,
}

impl Ledger {
    #[idempotent(with = self.idem, detach)]
    async fn settle(&self, order: &str) {
        drop(order);
    }
}

fn main() {}
