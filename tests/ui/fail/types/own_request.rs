use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use idem_core::idempotent;

struct Request {
    path: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Request {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self { path: parts.uri.path().to_owned() })
    }
}

#[idempotent]
async fn pay(request: Request) -> String {
    request.path
}

fn main() {}
