// What stands for `K::Error` may have a class, which `Api` would have then.

use idem_core::{Idem, Refused, idempotent};

trait Bank {
    type Error;
}

enum Api<E> {
    Bank(Box<E>),
    Refused(Refused),
}

impl<E> From<Refused> for Api<E> {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

struct Shop<K> {
    idem: Idem,
    bank: K,
}

impl<K: Bank> Shop<K> {
    #[idempotent(with = self.idem, key = order, name = "pay")]
    async fn pay(&self, order: u64) -> Result<u64, Api<K::Error>> {
        Ok(order)
    }
}

fn main() {}
