//! A crate without the prelude.

#![no_implicit_prelude]

use ::core::assert_eq;
use ::core::clone::Clone;
use ::core::result::Result::{self, Ok};
use ::core::sync::atomic::{AtomicU64, Ordering};
use ::idem_core::store::memory::MemoryStore;
use ::idem_core::store::sqlite::SqliteStore;
use ::idem_core::{Idem, Refused, Scope, idempotent};
use ::sqlx::Acquire as _;

static RUNS: AtomicU64 = AtomicU64::new(0);

struct Ledger {
    idem: Idem,
}

impl Ledger {
    #[idempotent(with = self.idem, key = order, name = "settle", ttl = "1d", store_if = |result| result.is_ok())]
    async fn settle(&self, order: u64) -> Result<u64, Refused> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(order)
    }

    #[idempotent(with = idem, key = order, name = "detached", detach)]
    async fn detached(idem: Idem, order: u64) -> Result<(), Refused> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[idempotent(key = request.uri().path(), wait = "1s")]
async fn pay(request: ::axum::extract::Request) -> ::axum::response::Response {
    RUNS.fetch_add(1, Ordering::SeqCst);
    ::axum::response::Response::new(request.into_body())
}

#[idempotent]
async fn nothing() {}

#[idempotent(tx_retries = 1, isolation = serializable, commit_on = |_| true, optional)]
async fn coupled(
    ::axum::extract::State(mut state): ::axum::extract::State<u64>,
    #[tx] tx: &mut ::idem_core::tx::SqliteTx<'_>,
) -> Result<::axum::response::Response, Refused> {
    state += 1;
    tx.begin().await.unwrap().rollback().await.unwrap();
    Ok(::axum::response::Response::new(::axum::body::Body::new(::std::format!("{state}"))))
}

#[idempotent(with = idem, key = order, name = "coupled", tx_retries = 1, detach)]
async fn coupled_plain(
    idem: &'static Idem<SqliteStore>,
    order: u64,
    #[tx] _: &mut ::idem_core::tx::SqliteTx<'_>,
) -> Result<u64, Refused> {
    Ok(order)
}

#[::core::prelude::v1::test]
fn passes() {
    // Where they run is for `pass/tx/`.
    let _: ::axum::Router<u64> = ::axum::Router::new().route("/", ::axum::routing::post(coupled));
    let _ = coupled_plain;
    ::tokio::runtime::Runtime::new().unwrap().block_on(everything_replays());
}

async fn everything_replays() {
    use ::tower::ServiceExt;

    let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build().erase();
    let ledger = Ledger { idem: idem.clone() };
    let app = ::axum::Router::new().route("/", ::axum::routing::post(pay).put(nothing)).layer(idem.layer());
    for _ in [(), ()] {
        assert_eq!(ledger.settle(1).await, Ok(1));
        assert_eq!(Ledger::detached(idem.clone(), 1).await, Ok(()));
        let request = ::axum::extract::Request::post("/").body(::axum::body::Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), ::axum::http::StatusCode::OK);
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 3);
}
