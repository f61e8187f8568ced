use axum::http::Method as M;
use idem_core::idempotent;

#[idempotent]
async fn pay(
    _: M,
    _: M,
    _: M,
    _: M,
    _: M,
    _: M,
    _: M,
    _: M,
    _: M,
    _: M,
    _: M,
    _: M,
    _: M,
    _: M,
    _: M,
    last: M,
) {
    drop(last);
}

fn main() {}
