// Keys belong to somebody, and the builder has to be told how that is found out.

use idem_core::{Idem, store::memory::MemoryStore};

fn main() {
    let idem = Idem::builder(MemoryStore::new()).build();
    drop(idem);
}
