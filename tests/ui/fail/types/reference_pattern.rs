// The body runs in a task of its own, where it cannot borrow from the handler's arguments.

use axum::{Extension, Json};
use idem_core::idempotent;

#[idempotent]
async fn pay(Extension(ref memo): Extension<String>) -> Json<usize> {
    Json(memo.len())
}

fn main() {}
