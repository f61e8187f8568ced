//! Records of the previous version, which name no namespace.

use super::Table;
use crate::support::hex;
use crate::unnamed::{check, stripping};

#[tokio::test]
async fn every_namespace_sees_them() {
    let Some(table) = Table::new() else { return };
    let store = table.open().await;
    let strip = async |at: idem_core::Address| {
        table.shell().await.run(stripping(&table.name, &format!("'\\x{}'", hex(at.as_bytes())))).await;
    };
    check(&store, strip).await;
}
