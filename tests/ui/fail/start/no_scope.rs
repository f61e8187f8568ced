// The builder has to be told which caller a key belongs to.

use idem_core::{Idem, store::memory::MemoryStore};

fn main() {
    let idem = Idem::builder(MemoryStore::new()).build();
    drop(idem);
}
