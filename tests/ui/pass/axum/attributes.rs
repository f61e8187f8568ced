//! Doc comments, `cfg`, lints, visibility and inner attributes stay where they are.

#![deny(missing_docs, unused)]

use axum::Router;
use axum::http::Method;
use axum::routing::post;

use crate::support::{Call, Runs, replays, serve};

/// Handlers.
pub mod handlers {
    use super::{Method, RUNS};

    /// Pays.
    ///
    /// Its documentation has several lines.
    #[cfg(test)]
    #[idem_core::idempotent(name = "pay")]
    #[must_use = "an answer"]
    #[allow(clippy::unused_async)]
    pub(crate) async fn pay(
        #[cfg(test)] method: Method,
        #[cfg(any())] missing: Missing,
        #[allow(unused_variables)] same: Method,
    ) -> String {
        #![allow(unused_mut)]
        let mut run = RUNS.next();
        format!("{method} {run}")
    }

    /// Is not there.
    #[cfg(any())]
    #[idem_core::idempotent(nonsense)]
    pub fn absent() {}
}

static RUNS: Runs = Runs::new();

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(handlers::pay)));
    assert_eq!(replays(&app, &Call::post("/").key("k")).await.body, "POST 1");
    let _ = RUNS.total();
}
