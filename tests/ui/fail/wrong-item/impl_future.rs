// `async` says the same.

use std::future::Future;

use idem_core::idempotent;

#[idempotent]
fn pay() -> impl Future<Output = String> {
    async { "paid".to_owned() }
}

fn main() {}
