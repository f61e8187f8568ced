//! A body that is made after the handler has returned, while its transaction is still open.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::State;
use axum::http::Request;
use axum::routing::post;
use bytes::Bytes;
use http_body::Frame;
use http_body_util::BodyExt;
use idem_core::idempotent;
use idem_core::tx::SqliteTx;
use sqlx::AssertSqlSafe;
use tower::ServiceExt;

use crate::world::{App, World, ask};

/// One frame, and then silence for ever.
struct Silent(Option<&'static [u8]>);

impl HttpBody for Silent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.take().map_or(Poll::Pending, |text| Poll::Ready(Some(Ok(Frame::data(text.into())))))
    }
}

#[idempotent]
async fn act(State(app): State<App>, #[tx] tx: &mut SqliteTx<'_>) -> Result<Body, String> {
    let run = app.runs.fetch_add(1, Ordering::SeqCst);
    let insert = format!("INSERT INTO {} VALUES ('run {run}', 1)", app.ledger);
    sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut **tx).await.map_err(|error| error.to_string())?;
    Ok(Body::new(Silent(Some(b"a"))))
}

/// The transaction ends after a third of the lease: the body is given up before that.
#[tokio::test]
async fn one_that_does_not_end_in_time_commits_its_effects_and_a_tombstone() {
    let Some(world) = World::<sqlx::Sqlite>::new().await else { return };
    let idem = world.process_with(|idem| idem.lease(Duration::from_secs(6))).await;
    let router = Router::new().route("/act", post(act)).layer(idem.layer()).with_state(world.app.clone());
    let request = Request::post("/act").header("x-account", "ada").header("idempotency-key", "k");
    let request = request.header("content-type", "application/json").body(Body::empty()).unwrap();
    let mut first = router.clone().oneshot(request).await.unwrap();
    assert_eq!(first.status(), 200);
    assert_eq!(first.body_mut().frame().await.unwrap().unwrap().into_data().unwrap(), "a");
    let again = ask(&router, "k", "").await;
    assert!(again.is(409, "result-unavailable"), "{again:?}");
    assert_eq!((world.rows().await, world.runs()), (1, 1));
}
