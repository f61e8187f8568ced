// The value is what the output says, and nothing more of it is known.

use std::fmt::Display;

use idem_core::idempotent;

#[idempotent]
async fn pay() -> impl Display {
    "paid"
}

fn main() {}
