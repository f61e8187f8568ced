//! The suite that every store passes, each handle being a store of its own on one file.

use super::*;
use crate::testing::{Backend, ManualClock};

struct File {
    dir: Dir,
    clock: ManualClock,
}

impl File {
    fn new() -> Self {
        Self { dir: Dir::new(), clock: ManualClock::new(Timestamp::from_micros(1_780_000_000_000_000)) }
    }
}

impl Backend for File {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
        let clock = Arc::new(self.clock.clone());
        SqliteStore::builder(self.dir.db()).durability(Durability::Normal).clock(clock).open().await.unwrap()
    }

    async fn advance(&self, span: Duration) {
        self.clock.advance(span);
    }

    fn now(&self) -> Option<Timestamp> {
        Some(self.clock.now())
    }
}

crate::conformance!(sqlite, File::new());
