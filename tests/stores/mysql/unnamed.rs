//! Records of the previous version, which name no namespace.

use idem_core::store::mysql::Dialect;

use super::Table;
use crate::support::hex;
use crate::unnamed::{check, stripping};

#[tokio::test]
async fn every_namespace_sees_them() {
    for dialect in [Dialect::MySql, Dialect::MariaDb] {
        let Some(table) = Table::new(dialect).await else { continue };
        let store = table.open().await;
        let strip = async |at: idem_core::Address| {
            table.shell().await.run(stripping(&table.name, &format!("x'{}'", hex(at.as_bytes())))).await;
        };
        check(&store, strip).await;
    }
}
