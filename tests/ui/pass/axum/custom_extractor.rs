//! Extractors run before any record is looked at: who may not call gets no replay, and claims no key.

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, Source, replays, serve};

static RUNS: Runs = Runs::new();

struct User {
    name: String,
}

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let name = parts.headers.get("x-user").and_then(|name| name.to_str().ok());
        let name = name.filter(|name| *name != "revoked").ok_or(StatusCode::UNAUTHORIZED)?;
        Ok(Self { name: name.to_owned() })
    }
}

#[idempotent(scope = &user.name)]
async fn pay(user: User) -> String {
    format!("{} {}", user.name, RUNS.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(pay)));
    let call = Call::post("/").key("k");
    assert_eq!(replays(&app, &call.clone().header("x-user", "ann")).await.body, "ann 1");
    let revoked = call.header("x-user", "revoked").send(&app).await;
    assert_eq!((revoked.status, revoked.source), (StatusCode::UNAUTHORIZED, Source::Handler));
    assert_eq!(RUNS.total(), 1);
}
