//! The suite that every store passes, each handle being a store of its own on one table.

use idem_core::store::mysql::{Dialect, MySqlStore};
use idem_testing::Backend;

use super::Table;

struct Records(Option<Table>);

impl Records {
    async fn mariadb() -> Self {
        Self(Table::new(Dialect::MariaDb).await)
    }

    async fn mysql() -> Self {
        Self(Table::new(Dialect::MySql).await)
    }
}

impl Backend for Records {
    type Store = MySqlStore;

    async fn open(&self) -> MySqlStore {
        self.0.as_ref().unwrap().open().await
    }

    fn is_there(&self) -> bool {
        self.0.is_some()
    }
}

idem_testing::conformance!(mariadb, Records::mariadb().await);
idem_testing::conformance!(mysql, Records::mysql().await);
