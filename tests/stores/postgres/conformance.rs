//! The suite that every store passes, each handle being a store of its own on one table.

use idem_core::store::postgres::PostgresStore;
use idem_testing::Backend;

use super::Table;

struct Records(Option<Table>);

impl Backend for Records {
    type Store = PostgresStore;

    async fn open(&self) -> PostgresStore {
        self.0.as_ref().unwrap().open().await
    }

    fn is_there(&self) -> bool {
        self.0.is_some()
    }
}

idem_testing::conformance!(suite, Records(Table::new()));
