//! What a suite may see and change besides the routes that it tests.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

use crate::app::{App, Standing};
use crate::counts::Counts;

#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    account: String,
}

pub(crate) async fn revoke(State(app): State<App>, Query(named): Query<Named>) -> StatusCode {
    app.set_standing(named.account, Standing::Revoked);
    StatusCode::NO_CONTENT
}

pub(crate) async fn allow(State(app): State<App>, Query(named): Query<Named>) -> StatusCode {
    app.set_standing(named.account, Standing::Allowed);
    StatusCode::NO_CONTENT
}

pub(crate) async fn effects(State(app): State<App>) -> Result<Json<Counts>, (StatusCode, String)> {
    let counts = app.effects().counts().await.map_err(failed)?;
    // What cannot be counted is not told as 0.
    let ledger = app.ledger().rows().await.map_err(failed)?;
    Ok(Json(counts.with_ledger(ledger)))
}

/// Forgets what was counted; the records in the store stay.
pub(crate) async fn reset(State(app): State<App>) -> Result<StatusCode, (StatusCode, String)> {
    let reset = app.effects().reset().await;
    reset.map(|()| StatusCode::NO_CONTENT).map_err(failed)
}

fn failed(error: impl std::error::Error) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
