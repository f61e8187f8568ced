// A handler needs neither `with` nor `name`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::Json;
use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, name = "pay")]
async fn pay(State(idem): State<Idem>, Json(order): Json<u64>) -> Result<(StatusCode, Json<u64>), Refused> {
    Ok((StatusCode::CREATED, Json(order)))
}

fn main() {}
