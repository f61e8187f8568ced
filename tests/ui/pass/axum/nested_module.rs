//! Handlers in modules, of one name and one path: they are told apart by their routes alone.

#[path = "../../support.rs"]
mod support;

use axum::Router;
use axum::routing::post;
use support::{Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

mod payments {
    pub mod create {
        use idem_core::idempotent;

        use crate::RUNS;

        #[idempotent]
        pub async fn handle() -> String {
            super::named("payment", RUNS.next())
        }
    }

    pub mod refund {
        #[idem_core::idempotent]
        pub(in crate::payments) async fn handle() -> String {
            super::named("refund", crate::RUNS.next())
        }
    }

    pub fn refunds() -> axum::routing::MethodRouter {
        axum::routing::post(refund::handle)
    }

    fn named(what: &str, run: u64) -> String {
        format!("{what} {run}")
    }
}

#[tokio::main]
async fn main() {
    let inner = Router::new().route("/refunds", payments::refunds());
    let app = serve(Router::new().route("/payments", post(payments::create::handle)).nest("/in", inner));
    assert_eq!(replays(&app, &Call::post("/payments").key("k")).await.body, "payment 1");
    assert_eq!(replays(&app, &Call::post("/in/refunds").key("k")).await.body, "refund 2");
}
