// The predicate of a plain function sees its output, not a response.

use axum::response::Response;
use idem_core::{Idem, Refused, idempotent};

fn successful(response: &Response) -> bool {
    response.status().is_success()
}

#[idempotent(with = idem, key = order, name = "settle", store_if = successful)]
async fn settle(idem: &Idem, order: u64) -> Result<u64, Refused> {
    Ok(order)
}

fn main() {}
