//! axum handlers, asked without a socket.

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use idem_core::{Ambiguous, Reply, idempotent};
use idem_tests::matrix::{Call, Paid, Said};
use serde_json::Value;
use tower::ServiceExt;

use super::paid;
use crate::app::{ACCOUNT, App, Outcome};

/// Carries what is not part of the request proper.
const CALL: &str = "x-call";
const REPLAYED: &str = "idempotent-replayed";

/// The call that a request is.
pub(super) struct Asked(pub(super) Call);

impl FromRequestParts<App> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let call = parts.headers.get(CALL).expect("the worker sends it");
        Ok(Self(serde_json::from_slice(call.as_bytes()).expect("a call")))
    }
}

#[idempotent(name = "axum-unknown")]
async fn unknown(State(app): State<App>, Asked(call): Asked, _said: String) -> Response {
    act(&app, &call).await
}

#[idempotent(name = "axum-rerun", after_crash = rerun)]
async fn rerun(State(app): State<App>, Asked(call): Asked, _said: String) -> Response {
    act(&app, &call).await
}

#[idempotent(name = "travel", after_crash = rerun)]
async fn travel(State(app): State<App>, Asked(call): Asked, _said: String) -> Response {
    response(&call, app.act(&call, || app.asks_a_service(&call)).await)
}

async fn act(app: &App, call: &Call) -> Response {
    response(call, app.act(call, || app.foreign_effect(call)).await)
}

pub(super) fn response(call: &Call, outcome: Outcome) -> Response {
    let body = Json(paid(call));
    match outcome {
        Outcome::Paid => {
            (StatusCode::CREATED, [("x-run", call.call.clone()), ("x-paid", "yes".to_owned())], body)
                .into_response()
        }
        Outcome::Rejected => (StatusCode::UNPROCESSABLE_ENTITY, body).into_response(),
        Outcome::TryAgain => (StatusCode::SERVICE_UNAVAILABLE, body).into_response(),
        Outcome::Doubt => Ambiguous((StatusCode::INTERNAL_SERVER_ERROR, body)).into_response(),
    }
}

pub(super) async fn make(app: App, call: Call) -> Said {
    let router = Router::new()
        .route("/axum-unknown", post(unknown))
        .route("/axum-rerun", post(rerun))
        .route("/travel", post(travel))
        .layer(app.idem.layer())
        .with_state(app);
    ask(router, call).await
}

pub(super) async fn ask(router: Router, call: Call) -> Said {
    let request = Request::post(format!("/{}", call.kind))
        .header(ACCOUNT, call.scope())
        .header("idempotency-key", call.sent_key())
        .header(header::CONTENT_TYPE, "text/plain")
        .header(CALL, serde_json::to_string(&call).expect("a call is JSON"))
        .body(Body::from(call.say))
        .expect("a request");
    let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
    said(response).await
}

async fn said(response: Response) -> Said {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a whole body");
    let status = parts.status.as_u16();
    if parts.headers.get(header::CONTENT_TYPE).is_some_and(|is| is == "application/problem+json") {
        let problem: Value = serde_json::from_slice(&body).expect("a problem");
        let code = problem["code"].as_str().unwrap_or_default().to_owned();
        return Said::Refused { code, retryable: problem["retryable"] == true };
    }
    let paid: Paid = serde_json::from_slice(&body).expect("what a handler answers");
    let replayed = Some(parts.headers.contains_key(REPLAYED));
    if parts.status.is_server_error() {
        return Said::NotDone { status, replayed, paid };
    }
    let mut essence = status.to_string();
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != REPLAYED) {
        essence.extend(["\n", name.as_str(), ": ", value.to_str().unwrap_or("?")]);
    }
    essence.extend(["\n\n", &String::from_utf8_lossy(&body)]);
    Said::Done { status, replayed, essence, paid }
}

pub(super) fn reply(paid: &Paid) -> Reply {
    let body = serde_json::to_vec(paid).expect("it is JSON");
    let response = Response::builder()
        .status(StatusCode::CREATED)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .expect("a response");
    idem_core::response::reply(&response)
}
