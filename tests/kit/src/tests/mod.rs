//! The suite on the memory store, in both modes, and on SQLite, and the proof that it bites.

mod flaw;
mod flawed;
mod listed;
mod mutants;
mod one_by_one;
mod sqlite;

use std::sync::Arc;

use super::{Backend, Shared};
use idem_core::store::memory::MemoryStore;

crate::conformance!(memory, Shared::new(|clock| MemoryStore::builder().clock(clock).build()));

crate::conformance!(memory_on_the_wall_clock, WallClock::default());

crate::conformance!(batches_one_by_one, {
    Shared::new(|clock| one_by_one::OneByOne(MemoryStore::builder().clock(clock).build()))
});

/// As a database is tested: time passes by waiting.
#[derive(Default)]
struct WallClock(Arc<MemoryStore>);

impl Backend for WallClock {
    type Store = Arc<MemoryStore>;

    async fn open(&self) -> Arc<MemoryStore> {
        self.0.clone()
    }
}
