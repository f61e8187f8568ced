//! idem-core under another name: `main.rs` gives it.

use axum::Router;
use axum::routing::post;
use once::{Idem, Refused};

use crate::support::{self, Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

// Nothing here is called `idem_core`, and the expansion must not say so.
mod renamed {
    use super::{Idem, RUNS, Refused};

    #[::once::idempotent(crate = ::once, with = idem, key = order, name = "settle", on_error = unknown, after_crash = rerun)]
    pub async fn settle(idem: &Idem, order: u64) -> Result<u64, Refused> {
        Ok(order + RUNS.next())
    }

    #[::once::idempotent(crate = ::once, tx_retries = 2, isolation = repeatable_read)]
    pub async fn coupled(
        axum::extract::State(_runs): axum::extract::State<u64>,
        #[tx] _tx: &mut once::tx::SqliteTx<'_>,
    ) -> Result<String, Refused> {
        Ok(RUNS.next().to_string())
    }

    #[::once::idempotent(crate = ::once, with = idem, key = order, name = "coupled", tx_retries = 2)]
    pub async fn coupled_plain(
        idem: &Idem<once::store::sqlite::SqliteStore>,
        order: u64,
        #[tx] _tx: &mut once::tx::SqliteTx<'_>,
    ) -> Result<u64, Refused> {
        Ok(order + RUNS.next())
    }

    #[::once::idempotent(on_error = store, crate = ::once)]
    pub async fn pay(request: axum::extract::Request) -> String {
        format!("{} {}", request.uri(), RUNS.next())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    // Where they run is for `pass/tx/`.
    let _: Router<u64> = Router::new().route("/", post(renamed::coupled));
    let _ = renamed::coupled_plain;
    let idem = support::idem();
    for _ in 0..2 {
        assert_eq!(renamed::settle(&idem, 1).await, Ok(2));
    }
    let app = serve(Router::new().route("/", post(renamed::pay)));
    assert_eq!(replays(&app, &Call::post("/").key("k")).await.body, "/ 2");
}
