//! The account that pays.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

/// The header that names the account. A real service would have a gateway set it.
pub(crate) const ACCOUNT: &str = "x-account";

/// The account in whose name the request comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payer(pub(crate) i64);

impl<S: Sync> FromRequestParts<S> for Payer {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let number = parts.headers.get(ACCOUNT).and_then(|value| value.to_str().ok()?.parse().ok());
        number.map(Self).ok_or((StatusCode::UNAUTHORIZED, "x-account says who pays, and is missing\n"))
    }
}
