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
    app.effects()
        .counts()
        .await
        .map(Json)
        .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

/// Forgets what was counted; the records in the store stay.
pub(crate) async fn reset(State(app): State<App>) -> Result<StatusCode, (StatusCode, String)> {
    let reset = app.effects().reset().await;
    reset
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}
