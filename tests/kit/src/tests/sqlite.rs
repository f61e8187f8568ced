//! The suite that every store passes, each handle being a store of its own on one file.

use std::sync::Arc;
use std::time::Duration;

use idem_core::clock::{Clock, Timestamp};
use idem_core::store::sqlite::{Durability, SqliteStore};
use tempfile::TempDir;

use crate::{Backend, ManualClock};

struct File {
    dir: TempDir,
    clock: ManualClock,
}

impl File {
    fn new() -> Self {
        let clock = ManualClock::new(Timestamp::from_micros(1_780_000_000_000_000));
        Self { dir: TempDir::new().unwrap(), clock }
    }
}

impl Backend for File {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
        let clock = Arc::new(self.clock.clone());
        SqliteStore::builder(self.dir.path().join("idem.db"))
            .durability(Durability::Normal)
            .clock(clock)
            .open()
            .await
            .unwrap()
    }

    async fn advance(&self, span: Duration) {
        self.clock.advance(span);
    }

    fn now(&self) -> Option<Timestamp> {
        Some(self.clock.now())
    }
}

crate::conformance!(sqlite, File::new());
