// What only the attribute uses is used, although the attribute has a mistake.

#![deny(unused)]

use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = (account, order), nmae = "pay")]
async fn pay(idem: &Idem, account: u64, order: u64) -> Result<u64, Refused> {
    Ok(1)
}

fn main() {
    drop(pay);
}
