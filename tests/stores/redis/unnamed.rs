//! Records of the previous version, which name no namespace.

use super::support::{Records, Said};
use crate::unnamed::check;

#[tokio::test]
async fn every_namespace_sees_them() {
    let Some(records) = Records::server() else { return };
    let store = records.open().await;
    let strip = async |at: idem_core::Address| {
        // Takes the third line off the label.
        let mut shell = records.shell();
        let Said::Text(record) = shell.ask("GET", &records.key(at)) else { panic!("no record") };
        let label = 48 + 32;
        let length = usize::from(u16::from_be_bytes([record[label], record[label + 1]]));
        let (label_text, rest) = record[label + 2..].split_at(length);
        let second = label_text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0;
        let length = u16::try_from(second).unwrap().to_be_bytes();
        let stripped = [&record[..label], &length, &label_text[..second], rest].concat();
        shell.run(&[b"SET", &records.key(at)[..], &stripped, b"KEEPTTL"]);
    };
    check(&store, strip).await;
}
