//! The suite that every store passes, each handle being a store of its own on one table.

use std::sync::atomic::{AtomicUsize, Ordering};

use idem_core::store::postgres::PostgresStore;
use idem_core::testing::Backend;

struct Table {
    url: String,
    name: String,
}

impl Table {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self { url: std::env::var("IDEM_TEST_POSTGRES_URL").unwrap(), name }
    }
}

impl Backend for Table {
    type Store = PostgresStore;

    async fn open(&self) -> PostgresStore {
        PostgresStore::builder(&self.url).table(&self.name).open().await.unwrap()
    }
}

idem_core::conformance!(suite, Table::new());
