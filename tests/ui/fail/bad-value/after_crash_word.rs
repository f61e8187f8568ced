use idem_core::idempotent;

#[idempotent(after_crash = release)]
async fn pay() {}

fn main() {}
