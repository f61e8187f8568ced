//! Lints that a user expects are there, and those that a user denies are not: as without the attribute.

#![deny(warnings, unfulfilled_lint_expectations, unused)]

use std::convert::Infallible;
use std::future::Future;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::sse::{Event, Sse};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::Stream;
use futures_util::stream::once;
use idem_core::{Idem, Refused, idempotent};

use crate::support::{self, Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

#[idempotent]
#[expect(unused_variables)]
async fn unused(State(app): State<u8>, body: String) -> String {
    RUNS.next().to_string()
}

#[idempotent]
async fn unused_one(#[expect(unused_variables)] State(app): State<u8>, body: String) -> String {
    format!("{body} {}", RUNS.next())
}

#[idempotent]
async fn unused_part(#[expect(unused_variables)] State(Parts { first, .. }): State<Parts>) -> String {
    RUNS.next().to_string()
}

#[derive(Clone)]
struct Parts {
    first: u8,
    _second: u8,
}

#[idempotent(with = idem, key = order, name = "mutable")]
#[expect(unused_mut)]
async fn needless(idem: &Idem, mut order: u64) -> Result<u64, Refused> {
    Ok(order)
}

/// Every name of the output is used, though the emitted function answers with a response.
#[idempotent]
async fn events() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(once(async { Ok(Event::default().data(RUNS.next().to_string())) }))
}

#[idempotent]
async fn nested(
    body: String,
) -> Result<(StatusCode, impl IntoResponse + use<>), Json<impl serde::Serialize>> {
    if body.is_empty() {
        return Err(Json(0));
    }
    Ok((StatusCode::CREATED, body))
}

/// What one `cfg` says about another.
#[idempotent]
async fn conditional(
    #[cfg_attr(any(), cfg(any()))] first: String,
    #[cfg_attr(all(), cfg(any()))] missing: Missing,
) -> String {
    format!("{first} {}", RUNS.next())
}

trait Service {
    fn call(&self) -> impl Future<Output = Result<u64, Refused>>;
}

trait Borrowed<'a> {}

struct All<T>(Idem, T);

impl<'a, T> Borrowed<'a> for All<T> {}

impl<T> All<T>
where
    for<'a> Self: Borrowed<'a>,
    for<'a> &'a T: IntoIterator<Item = &'a u64>,
{
    #[idempotent(with = self.0, key = order, name = "higher-ranked")]
    async fn sum(&self, order: u64) -> Result<u64, Refused>
    where
        for<'b> Self: Borrowed<'b>,
    {
        Ok((&self.1).into_iter().sum::<u64>() + order)
    }
}

impl Service for All<Vec<u64>> {
    #[idempotent(with = self.0, key = self.1[0], name = "service")]
    async fn call(&self) -> Result<u64, Refused>
    where
        for<'a> Self: Borrowed<'a>,
    {
        Ok(RUNS.next())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = Router::new()
        .route("/unused", post(unused))
        .route("/unused-one", post(unused_one))
        .route("/conditional", post(conditional))
        .route("/events", post(events))
        .route("/nested", post(nested))
        .with_state(1);
    let parts =
        Router::new().route("/unused-part", post(unused_part)).with_state(Parts { first: 1, _second: 2 });
    let app = serve(app.merge(parts));
    assert_eq!(replays(&app, &Call::post("/unused").key("k")).await.body, "1");
    assert_eq!(replays(&app, &Call::post("/unused-one").key("k").body("tea")).await.body, "tea 2");
    assert_eq!(replays(&app, &Call::post("/conditional").key("k").body("tea")).await.body, "tea 3");
    assert_eq!(Call::post("/events").key("k").send(&app).await.body, "data: 4\n\n");
    assert_eq!(replays(&app, &Call::post("/unused-part").key("k")).await.body, "5");
    let all = All(support::idem(), vec![1, 2]);
    for _ in 0..2 {
        assert_eq!(all.sum(4).await, Ok(7));
        assert_eq!(all.call().await, Ok(6));
        assert_eq!(needless(&all.0, 9).await, Ok(9));
    }
}
