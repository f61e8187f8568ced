//! A user who denies every lint: what `#[idempotent]` emits must add no warning to their crate. The fixtures are
//! allowed what clippy says, so this module is where it looks.

#![deny(
    warnings,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::absolute_paths,
    clippy::allow_attributes_without_reason,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::clone_on_ref_ptr,
    clippy::default_numeric_fallback,
    clippy::if_then_some_else_none,
    clippy::indexing_slicing,
    clippy::infinite_loop,
    clippy::let_underscore_must_use,
    clippy::let_underscore_untyped,
    clippy::missing_assert_message,
    clippy::panic,
    clippy::pattern_type_mismatch,
    clippy::question_mark_used,
    clippy::redundant_type_annotations,
    clippy::ref_patterns,
    clippy::rest_pat_in_fully_bound_structs,
    clippy::same_name_method,
    clippy::semicolon_inside_block,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::unreachable,
    clippy::unused_result_ok,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    let_underscore_drop,
    single_use_lifetimes,
    unused_qualifications,
    unused_results
)]
#![forbid(unsafe_code)]

use std::fmt::Display;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use idem_core::store::memory::MemoryStore;
use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::SqliteTx;
use idem_core::{Idem, Refused, Scope, idempotent};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::task::yield_now;

use crate::database::Shop;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Failed(String);

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self(refused.to_string())
    }
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

struct Ledger {
    idem: Idem,
    sum: u64,
}

struct Till {
    idem: Idem<SqliteStore>,
}

impl Till {
    #[idempotent(with = self.idem, key = order, name = "sell", store_if = Result::is_ok)]
    async fn sell(&self, order: u64, #[tx] tx: &mut SqliteTx<'_>, what: &str) -> Result<String, Problem> {
        let selected = sqlx::query("SELECT 1").execute(&mut **tx).await;
        selected.map(|_| what.to_owned()).map_err(Problem::from)
    }

    #[idempotent(with = self.idem, key = order, name = "again", tx_retries = 3, commit_on = Result::is_ok)]
    async fn again(
        &self,
        order: u64,
        mut what: String,
        _memo: u8,
        #[tx] _: &mut SqliteTx<'_>,
    ) -> Result<String, Problem> {
        yield_now().await;
        what.push('!');
        Ok(what)
    }

    #[idempotent(with = till.idem, key = order, name = "apart", tx_retries = 3, detach)]
    async fn apart(till: Arc<Self>, order: u64, #[tx] _tx: &mut SqliteTx<'_>) -> Result<u64, Problem> {
        yield_now().await;
        Ok(order)
    }
}

impl Ledger {
    fn new() -> Self {
        let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build();
        Self { idem: idem.erase(), sum: 0 }
    }

    #[idempotent(with = self.idem, key = order, name = "shared", scope = order, fingerprint = (), ttl = "7d")]
    async fn shared(&self, order: &str, _memo: u8, _: u8) -> Result<String, Refused> {
        yield_now().await;
        Ok(order.to_owned())
    }

    #[idempotent(with = self.idem, key = order, name = "exclusive", store_if = Result::is_ok)]
    async fn exclusive(&mut self, order: u64) -> Result<u64, Refused> {
        yield_now().await;
        self.sum = self.sum.saturating_add(order);
        Ok(self.sum)
    }

    #[idempotent(with = self.idem, key = order, name = "detached", detach, on_error = unknown)]
    async fn detached(self: Arc<Self>, order: u64, (_left, right): (u64, u64)) -> Result<u64, Refused> {
        yield_now().await;
        Ok(self.sum.saturating_add(order).saturating_add(right))
    }

    #[idempotent(with = self.idem, key = order.to_string(), name = "generic")]
    async fn generic<T, D, const N: usize>(&self, order: D, values: [T; N]) -> Result<Vec<T>, Refused>
    where
        T: Serialize + DeserializeOwned + Send + Sync,
        D: Display + Send + Sync,
    {
        yield_now().await;
        Ok(Vec::from(values))
    }

    /// Its caller is told that the future is large, and boxes it; the expansion that awaits it is not.
    #[idempotent(with = self.idem, key = order, name = "large", on_error = store)]
    async fn large(&self, order: usize) -> Result<Option<u8>, Failed> {
        let many = [1_u8; 12_000];
        yield_now().await;
        Ok(many.get(order).copied())
    }
}

#[idempotent(key = id, name = "pay", wait = "1s", store_if = |response| response.status().is_success())]
async fn pay(
    _: Method,
    _method: Method,
    Path((id, _)): Path<(u64, String)>,
    Json(amount): Json<u64>,
) -> Result<(StatusCode, Json<u64>), StatusCode> {
    yield_now().await;
    if amount == 0 {
        return Err(StatusCode::CONFLICT);
    }
    Ok((StatusCode::CREATED, Json(amount.saturating_add(id))))
}

#[idempotent(key = request.uri().path(), optional)]
async fn forward(mut request: Request) -> Body {
    yield_now().await;
    request.headers_mut().clear();
    request.into_body()
}

#[idempotent(on_error = store)]
async fn hide() -> Result<impl IntoResponse, StatusCode> {
    yield_now().await;
    Ok((StatusCode::CREATED, [("x-hidden", "yes")]))
}

#[idempotent(tx_retries = 2, isolation = serializable, commit_on = |reply| reply.status().is_success())]
async fn coupled(
    State(mut count): State<u64>,
    _: Method,
    _method: Method,
    #[tx] tx: &mut SqliteTx<'_>,
    Json(_amount): Json<u64>,
) -> Result<Json<u64>, Problem> {
    let selected = sqlx::query("SELECT 1").execute(&mut **tx).await;
    count = count.saturating_add(1);
    selected.map(|_| Json(count)).map_err(Problem::from)
}

#[idempotent]
async fn coupled_and_hidden(State(_): State<u64>, #[tx] _tx: &mut SqliteTx<'_>) -> impl IntoResponse {
    yield_now().await;
    StatusCode::OK
}

#[idempotent]
async fn ignore(_: Body) {
    yield_now().await;
}

/// One argument fewer than clippy's limit allows, for idem adds one.
#[idempotent]
async fn seven(
    one: Method,
    two: Method,
    three: Method,
    _: Method,
    _: Method,
    _: Method,
    _seventh: Method,
) -> String {
    yield_now().await;
    format!("{one}{two}{three}")
}

#[tokio::test]
async fn a_user_who_denies_every_lint_gets_replays() -> Result<(), Refused> {
    let mut ledger = Ledger::new();
    let message = "a replay";
    for _ in 0..2_u8 {
        assert_eq!(ledger.shared("o-1", 1, 2).await, Ok("o-1".to_owned()), "{message}");
        assert_eq!(ledger.exclusive(5).await, Ok(5), "{message}");
        assert_eq!(ledger.generic(1_u8, [1_u8, 2]).await, Ok(vec![1, 2]), "{message}");
        assert_eq!(Box::pin(ledger.large(7)).await, Ok(Some(1)), "{message}");
    }
    let shop = Shop::new().await;
    let till = Arc::new(Till { idem: shop.idem.clone() });
    for _ in 0..2_u8 {
        assert_eq!(till.sell(1, "tea").await.ok().as_deref(), Some("tea"), "{message}");
        assert_eq!(till.again(1, "tea".to_owned(), 1).await.ok().as_deref(), Some("tea!"), "{message}");
        assert_eq!(Till::apart(Arc::clone(&till), 1).await.ok(), Some(1), "{message}");
    }
    let shared = Arc::new(ledger);
    for _ in 0..2_u8 {
        assert_eq!(Arc::clone(&shared).detached(1, (2, 3)).await, Ok(9), "{message}");
    }
    Ok(())
}

#[test]
fn its_handlers_fit_a_router() {
    use axum::routing::post;

    let router = axum::Router::<()>::new()
        .route("/pay/{id}/{kind}", post(pay))
        .route("/forward", post(forward))
        .route("/hide", post(hide))
        .route("/ignore", post(ignore))
        .route("/seven", post(seven));
    assert!(router.has_routes(), "five routes");
    let coupled = axum::Router::<u64>::new()
        .route("/coupled", post(coupled))
        .route("/hidden", post(coupled_and_hidden));
    assert!(coupled.has_routes(), "two routes");
}
