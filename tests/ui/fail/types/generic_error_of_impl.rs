// What stands for `E` may be `Ambiguous<_>`.

use idem_core::{Idem, Refused, idempotent};

struct Service<E> {
    idem: Idem,
    error: fn() -> E,
}

impl<E: From<Refused>> Service<E> {
    #[idempotent(with = self.idem, key = order, name = "pay", on_error = unknown)]
    async fn pay(&self, order: u64) -> Result<u64, E> {
        Err((self.error)())
    }
}

fn main() {}
