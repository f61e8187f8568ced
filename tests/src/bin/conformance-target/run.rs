//! One run of a handler, seen from inside.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::StatusCode;
use axum::http::request::Parts;
use idem_core::IdempotencyKey;
use serde_json::value::RawValue;

use crate::account;
use crate::app::App;
use crate::counts::Effect;
use crate::paid::Paid;

/// Counts the run once the handler begins. Reads the request but refuses nothing.
#[derive(Debug)]
pub(crate) struct Run {
    app: App,
    handler: String,
    effect: Effect,
}

/// Stands for a key or an account that the request does not name.
const NONE: &str = "-";

impl FromRequestParts<App> for Run {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let route =
            parts.extensions.get::<MatchedPath>().map_or_else(|| parts.uri.path(), MatchedPath::as_str);
        let key =
            parts.headers.get("idempotency-key").map(|value| IdempotencyKey::from_header(value.as_bytes()));
        let effect = Effect {
            route: route.to_owned(),
            account: account::name(parts).unwrap_or(NONE).to_owned(),
            key: key.and_then(Result::ok).map_or_else(|| NONE.to_owned(), |key| key.as_str().to_owned()),
        };
        Ok(Self { app: app.clone(), handler: format!("{} {route}", parts.method), effect })
    }
}

impl Run {
    /// Leaves the effect, and says which run of its handler this is. A handler's first action.
    pub(crate) async fn begin(&self) -> u64 {
        let run = self.app.next_run(&self.handler);
        if let Err(error) = self.app.effects().record(self.effect.clone()).await {
            // A suite that counts effects must not be told less than what happened.
            eprintln!("conformance-target: an effect cannot be recorded: {error}");
            std::process::exit(1);
        }
        run
    }

    pub(crate) fn account(&self) -> &str {
        &self.effect.account
    }

    pub(crate) fn key(&self) -> &str {
        &self.effect.key
    }

    /// The answer that most routes give, for a run that has begun.
    pub(crate) fn paid(&self, run: u64, status: StatusCode, body: Box<RawValue>) -> Paid {
        Paid { status, run, account: self.effect.account.clone(), body }
    }
}
