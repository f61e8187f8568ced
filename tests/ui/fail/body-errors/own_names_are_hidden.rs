// A body cannot reach what the attribute adds.

use idem_core::idempotent;

#[idempotent]
async fn pay() {
    drop(__idem_cx);
}

fn main() {}
