// A `String` is no `Copy`.

use axum::response::IntoResponse;
use idem_core::{Refused, idempotent};

#[idempotent]
async fn pay() -> Result<impl IntoResponse + Copy, Refused> {
    Ok("paid".to_owned())
}

fn main() {}
