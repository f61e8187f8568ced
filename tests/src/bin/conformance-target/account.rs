//! Who asks: the authentication of this server, as an extractor in front of everything that idem does.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::app::{App, Standing};

/// The header that names the caller. A real service would have a gateway set it.
pub(crate) const HEADER: &str = "x-account";

/// Proof that the caller is known and may act: 401 without a name, 403 for a revoked one.
#[derive(Debug)]
pub(crate) struct Account;

impl FromRequestParts<App> for Account {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, StatusCode> {
        let name = name(parts).ok_or(StatusCode::UNAUTHORIZED)?;
        match app.standing(name) {
            Standing::Allowed => Ok(Self),
            Standing::Revoked => Err(StatusCode::FORBIDDEN),
        }
    }
}

/// The caller's name: one word, so that the lines of the effects file stay readable.
pub(crate) fn name(parts: &Parts) -> Option<&str> {
    let mut values = parts.headers.get_all(HEADER).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    value.to_str().ok().filter(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic()))
}
