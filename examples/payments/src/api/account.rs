//! The account that pays.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

/// The header that names the account.
pub(crate) const ACCOUNT: &str = "x-account";

/// The account in whose name the request comes.
#[derive(Debug)]
pub(crate) struct Account(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for Account {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let name = parts.headers.get(ACCOUNT).and_then(|value| value.to_str().ok());
        match name {
            Some(name) if !name.is_empty() => Ok(Self(name.to_owned())),
            _ => Err((StatusCode::UNAUTHORIZED, "x-account says who pays, and is missing\n")),
        }
    }
}
