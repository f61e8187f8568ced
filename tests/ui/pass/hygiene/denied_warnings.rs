//! A crate that denies every warning of the compiler, also those that are off by default.

#![deny(warnings)]
#![deny(
    elided_lifetimes_in_paths,
    keyword_idents,
    let_underscore_drop,
    let_underscore,
    nonstandard_style,
    refining_impl_trait,
    rust_2018_idioms,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unused,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![forbid(unsafe_code, unreachable_code, unused_imports, unused_mut, unused_variables)]

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::Method;
use axum::response::IntoResponse;
use axum::routing::post;
use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::SqliteTx;
use idem_core::{Idem, Refused, idempotent};

use crate::database::{Shop, sell};
use crate::support::{self, Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

struct Guard(u64);

impl Drop for Guard {
    fn drop(&mut self) {
        assert_eq!(self.0, 1);
    }
}

struct Ledger {
    idem: Idem,
}

impl Ledger {
    #[idempotent(with = self.idem, key = order, name = "settle")]
    async fn settle(&self, order: &str, _guard: Guard, _: Guard) -> Result<String, Refused> {
        Ok(format!("{order} {}", RUNS.next()))
    }

    #[idempotent(with = self.idem, key = order, name = "detached", detach, wait = "1s")]
    async fn detached(self: Arc<Self>, order: u64, _guard: Guard) -> Result<u64, Refused> {
        Ok(order + RUNS.next())
    }
}

#[idempotent(key = id, lease = "10s", store_if = |response| response.status().is_success())]
async fn pay(Path((id, _)): Path<(u64, String)>, request: Request) -> String {
    format!("{id} {} {}", request.uri(), RUNS.next())
}

#[idempotent(tx_retries = 2, isolation = serializable, commit_on = |reply| reply.status() == 200)]
async fn coupled(
    State(mut started): State<u64>,
    _: Method,
    _method: Method,
    #[tx] tx: &mut SqliteTx<'_>,
) -> Result<impl IntoResponse, Refused> {
    sell(tx, "tea").await.map_err(|_| Refused::KeyExpired)?;
    started += RUNS.next();
    Ok(started.to_string())
}

#[idempotent(with = idem, key = order, name = "coupled", tx_retries = 2, detach)]
async fn detached(
    idem: Idem<SqliteStore>,
    order: u64,
    mut what: String,
    _memo: u8,
    #[tx] tx: &mut SqliteTx<'_>,
) -> Result<u64, Refused> {
    what.push('!');
    sell(tx, &what).await.map_err(|_| Refused::KeyExpired)?;
    Ok(order + RUNS.next())
}

#[idempotent]
async fn never() -> String {
    panic!("not called")
}

// What `tokio::test` makes is not allowed here.
#[test]
fn passes() {
    tokio::runtime::Runtime::new().unwrap().block_on(everything_replays());
}

async fn everything_replays() {
    let ledger = Arc::new(Ledger { idem: support::idem() });
    for _ in 0..2 {
        assert_eq!(ledger.settle("o", Guard(1), Guard(1)).await.as_deref(), Ok("o 1"));
        assert_eq!(Arc::clone(&ledger).detached(1, Guard(1)).await, Ok(3));
    }
    let app = serve(Router::new().route("/{id}/{kind}", post(pay)).route("/", post(never)));
    assert_eq!(replays(&app, &Call::post("/7/x")).await.body, "7 /7/x 3");

    let shop = Shop::new().await;
    let app = shop.serve(Router::new().route("/", post(coupled)).with_state(10));
    assert_eq!(replays(&app, &Call::post("/").key("k")).await.body, "14");
    for _ in 0..2 {
        assert_eq!(detached(shop.idem.clone(), 10, "milk".to_owned(), 1).await, Ok(15));
    }
    assert_eq!(shop.sales().await, ["tea", "milk!"]);
}
