//! Handlers in modules, of one name and one path: they are told apart by their routes alone.

use axum::Router;
use axum::routing::post;

use crate::support::{Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

mod payments {
    pub mod create {
        use idem_core::idempotent;

        use super::super::RUNS;

        #[idempotent]
        pub async fn handle() -> String {
            super::named("payment", RUNS.next())
        }
    }

    pub mod refund {
        #[idem_core::idempotent]
        pub(in super::super::payments) async fn handle() -> String {
            super::named("refund", super::super::RUNS.next())
        }
    }

    pub fn refunds() -> axum::routing::MethodRouter {
        axum::routing::post(refund::handle)
    }

    fn named(what: &str, run: u64) -> String {
        format!("{what} {run}")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let inner = Router::new().route("/refunds", payments::refunds());
    let app = serve(Router::new().route("/payments", post(payments::create::handle)).nest("/in", inner));
    assert_eq!(replays(&app, &Call::post("/payments").key("k")).await.body, "payment 1");
    assert_eq!(replays(&app, &Call::post("/in/refunds").key("k")).await.body, "refund 2");
}
