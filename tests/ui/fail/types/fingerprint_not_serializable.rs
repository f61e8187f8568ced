use axum::Extension;
use idem_core::idempotent;

#[derive(Clone)]
struct User {
    tenant: u64,
}

#[idempotent(fingerprint = user)]
async fn pay(Extension(user): Extension<User>) -> String {
    user.tenant.to_string()
}

fn main() {}
