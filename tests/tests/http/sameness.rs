//! Which requests are one operation, and which are another: paths, names, payload keys, header fields.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use idem_core::fingerprint::BodyHasher;
use idem_core::protocol::{Claim, ClaimOutcome, Nonce, Terms};
use idem_core::store::memory::MemoryStore;
use idem_core::store::{Release, Store};
use idem_core::{Address, Fingerprint, Idem, KeyHint, Label, Refused, Scope, idempotent};
use serde::Deserialize;

use crate::support::{ask, json_post, problem_code};

/// How often a body ran.
#[derive(Debug, Clone, Default)]
struct Runs(Arc<AtomicU32>);

impl Runs {
    fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

fn idem_on(store: &Arc<MemoryStore>) -> Idem<Arc<MemoryStore>> {
    Idem::builder(Arc::clone(store)).scope(Scope::header("x-account")).max_request_bytes(1000).build()
}

fn serve(router: Router<Runs>) -> (Router, Runs) {
    let runs = Runs::default();
    (router.layer(idem_on(&Arc::default()).layer()).with_state(runs.clone()), runs)
}

fn is_replay(response: &axum::http::Response<bytes::Bytes>) -> bool {
    response.headers().contains_key("idempotent-replayed")
}

#[idempotent]
async fn pay(State(runs): State<Runs>, Path(id): Path<String>) -> String {
    format!("{id}: {}", runs.next())
}

#[tokio::test]
async fn spellings_of_one_path_are_one_operation() {
    let (app, runs) = serve(Router::new().route("/a/{id}/pay", post(pay)).route("/files/{*id}", post(pay)));
    for spellings in [
        ["/a/inv:7/pay", "/a/inv%3A7/pay", "/a/inv%3a7/pay"],
        ["/a/%70/pay", "/a/p/pay", "/a/%70/pay?"],
        ["/a/%C3%A9/pay", "/a/%c3%a9/pay", "/a/%c3%A9/pay"],
        ["/files/x/y", "/files/x%2Fy", "/files/x%2fy"],
    ] {
        let before = runs.count();
        let first = ask(&app, json_post(spellings[0], "k", "{}")).await;
        assert!(!is_replay(&first), "{spellings:?}");
        for spelling in spellings {
            let again = ask(&app, json_post(spelling, "k", "{}")).await;
            assert!(is_replay(&again), "{spelling}");
            assert_eq!(again.body(), first.body(), "{spelling}");
        }
        assert_eq!(runs.count(), before + 1, "{spellings:?}");
    }
    // A slash within an argument separates nothing.
    for other in
        ["/a/x%2Fy/pay", "/a/x/pay", "/a/x+y/pay", "/a/x%20y/pay", "/a/%252B/pay", "/a/+/pay", "/a/../pay"]
    {
        assert!(!is_replay(&ask(&app, json_post(other, "k", "{}")).await), "{other}");
    }
}

#[idempotent(name = "pay-order")]
async fn pay_order(State(runs): State<Runs>, Path(id): Path<String>) -> String {
    format!("{id}: {}", runs.next())
}

#[idempotent(name = "pay-value", fingerprint = ())]
async fn pay_value(State(runs): State<Runs>, Path(id): Path<String>) -> String {
    format!("{id}: {}", runs.next())
}

#[tokio::test]
async fn under_a_name_another_path_is_another_request() {
    let router = Router::new()
        .route("/orders/{id}/pay", post(pay_order))
        .route("/v2/orders/{id}/pay", post(pay_order))
        .route("/values/{id}/pay", post(pay_value));
    let (app, runs) = serve(router);
    for kind in ["orders", "values"] {
        let first = ask(&app, json_post(&format!("/{kind}/a:1/pay"), "k", "{}")).await;
        assert_eq!(first.status(), StatusCode::OK);
        assert!(is_replay(&ask(&app, json_post(&format!("/{kind}/a%3a1/pay"), "k", "{}")).await));
        let other = ask(&app, json_post(&format!("/{kind}/a:2/pay"), "k", "{}")).await;
        assert_eq!(problem_code(&other), "idempotency-key-reused");
    }
    // One handler on several routes is no mistake, and each path is a request of its own.
    assert_eq!(ask(&app, json_post("/v2/orders/1/pay", "l", "{}")).await.status(), StatusCode::OK);
    let moved = ask(&app, json_post("/orders/1/pay", "l", "{}")).await;
    assert_eq!(problem_code(&moved), "idempotency-key-reused");
    assert_eq!(runs.count(), 3);
}

#[derive(Deserialize)]
struct Event {
    id: String,
    attempt: u32,
    #[serde(default)]
    fails: bool,
}

#[idempotent(key = event.id, name = "events")]
async fn on_event(State(runs): State<Runs>, Path(_): Path<u32>, Json(event): Json<Event>) -> Response {
    let run = runs.next();
    if event.fails {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    format!("attempt {}, run {run}", event.attempt).into_response()
}

#[idempotent(key = event.id, name = "whole-events", fingerprint = event.attempt)]
async fn on_whole_event(State(runs): State<Runs>, Json(event): Json<Event>) -> String {
    runs.next().to_string()
}

fn event(attempt: u32, fails: bool) -> String {
    format!(r#"{{"id":"evt_1","attempt":{attempt},"fails":{fails}}}"#)
}

#[tokio::test]
async fn a_webhook_that_is_delivered_again_may_say_so() {
    let (app, runs) =
        serve(Router::new().route("/hook/{tenant}", post(on_event)).route("/whole", post(on_whole_event)));
    for attempt in 1..=2 {
        let failed = ask(&app, json_post("/hook/1", "ignored", event(attempt, true))).await;
        assert_eq!(
            (failed.status(), is_replay(&failed)),
            (StatusCode::SERVICE_UNAVAILABLE, false),
            "released"
        );
    }
    let first = ask(&app, json_post("/hook/1", "ignored", event(3, false))).await;
    assert_eq!((first.status(), first.body().as_ref()), (StatusCode::OK, &b"attempt 3, run 3"[..]));
    let again = ask(&app, json_post("/hook/1", "ignored", event(4, true))).await;
    assert!(is_replay(&again));
    assert_eq!(again.body(), first.body());
    for other in ["/hook/2", "/hook/1?tenant=2"] {
        let refused = ask(&app, json_post(other, "ignored", event(5, false))).await;
        assert_eq!(problem_code(&refused), "idempotency-key-reused", "{other}");
    }
    assert_eq!(runs.count(), 3);
    // A handler that asks for more gets it.
    assert_eq!(ask(&app, json_post("/whole", "ignored", event(1, false))).await.status(), StatusCode::OK);
    let refused = ask(&app, json_post("/whole", "ignored", event(2, false))).await;
    assert_eq!(problem_code(&refused), "idempotency-key-reused");
}

#[idempotent(key = path.as_str())]
async fn by_path(State(runs): State<Runs>, Path(path): Path<String>, request: Request) -> String {
    let body = to_bytes(request.into_body(), usize::MAX).await.expect("a body");
    format!("{} bytes, run {}", body.len(), runs.next())
}

#[idempotent(optional)]
async fn maybe(State(runs): State<Runs>, body: Body) -> String {
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    format!("{} bytes, run {}", body.len(), runs.next())
}

#[tokio::test]
async fn a_body_that_does_not_count_is_handed_on_whole_however_long() {
    let (app, _) = serve(Router::new().route("/by/{path}", post(by_path)).route("/maybe", post(maybe)));
    let long = "x".repeat(1001);
    let first = ask(&app, json_post("/by/1", "ignored", long.clone())).await;
    assert_eq!(first.body().as_ref(), b"1001 bytes, run 1");
    assert!(is_replay(&ask(&app, json_post("/by/1", "ignored", "short")).await));
    let mut unprotected = json_post("/maybe", "k", long.clone());
    unprotected.headers_mut().remove("idempotency-key");
    assert_eq!(ask(&app, unprotected).await.body().as_ref(), b"1001 bytes, run 2");
    assert_eq!(problem_code(&ask(&app, json_post("/maybe", "k", long)).await), "body-too-large");
}

#[idempotent]
async fn plain(State(runs): State<Runs>) -> String {
    runs.next().to_string()
}

#[idempotent(fingerprint_headers = ["x-dry-run", "x-sub-account"])]
async fn with_fields(State(runs): State<Runs>) -> String {
    runs.next().to_string()
}

#[idempotent(fingerprint_headers = ["x-key"])]
async fn with_key_field(State(runs): State<Runs>) -> String {
    runs.next().to_string()
}

fn with(
    mut request: axum::http::Request<Body>,
    fields: &[(&'static str, &'static str)],
) -> axum::http::Request<Body> {
    for (name, value) in fields {
        request.headers_mut().append(*name, value.parse().expect("a value"));
    }
    request
}

#[tokio::test]
async fn another_content_encoding_is_another_request() {
    let (app, runs) = serve(Router::new().route("/plain", post(plain)));
    let send = async |key: &str, fields: &[(&'static str, &'static str)]| {
        ask(&app, with(json_post("/plain", key, "{}"), fields)).await
    };
    let gzip = [("content-encoding", "gzip")];
    assert!(!is_replay(&send("k", &[]).await));
    assert!(is_replay(&send("k", &[("content-encoding", "identity")]).await));
    assert_eq!(problem_code(&send("k", &gzip).await), "idempotency-key-reused");
    assert!(!is_replay(&send("l", &gzip).await));
    assert!(is_replay(&send("l", &[("content-encoding", "X-GZip")]).await));
    for other in
        [&[][..], &[("content-encoding", "br")], &[("content-encoding", "gzip"), ("content-encoding", "br")]]
    {
        assert_eq!(problem_code(&send("l", other).await), "idempotency-key-reused", "{other:?}");
    }
    assert_eq!(runs.count(), 2);
}

#[tokio::test]
async fn header_fields_that_a_handler_names_are_part_of_the_request() {
    let (app, runs) = serve(Router::new().route("/fields", post(with_fields)));
    let send = async |key: &str, fields: &[(&'static str, &'static str)]| {
        ask(&app, with(json_post("/fields", key, "{}"), fields)).await
    };
    let variants: [&[(&'static str, &'static str)]; 6] = [
        &[],
        &[("x-dry-run", "")],
        &[("x-dry-run", "1")],
        &[("x-sub-account", "1")],
        &[("x-dry-run", "1"), ("x-sub-account", "1")],
        &[("x-dry-run", "1"), ("x-dry-run", "2")],
    ];
    for (at, first) in variants.iter().enumerate() {
        let key = format!("k{at}");
        assert!(!is_replay(&send(&key, first).await));
        for (other_at, other) in variants.iter().enumerate() {
            let again = send(&key, other).await;
            if at == other_at {
                assert!(is_replay(&again), "{first:?}");
            } else {
                assert_eq!(problem_code(&again), "idempotency-key-reused", "{first:?} {other:?}");
            }
        }
        assert!(
            is_replay(&send(&key, &[*first, &[("x-other", "1")][..]].concat()).await),
            "the others do not count"
        );
    }
    let joined = send("k5", &[("x-dry-run", "1, 2")]).await;
    assert!(is_replay(&joined), "a gateway may join the lines");
    assert_eq!(runs.count(), 6);
}

#[tokio::test]
async fn the_header_of_the_key_is_no_part_of_the_fingerprint() {
    let runs = Runs::default();
    let idem = Idem::builder(MemoryStore::new())
        .scope(Scope::public())
        .key_header("x-key".parse().expect("a name"))
        .build();
    let app = Router::new().route("/", post(with_key_field)).layer(idem.layer()).with_state(runs.clone());
    assert_eq!(problem_code(&ask(&app, json_post("/", "k", "{}")).await), "misconfigured");
    assert_eq!(runs.count(), 0);
}

mod one {
    use super::*;

    #[idempotent(name = "shared")]
    pub(super) async fn handler(State(runs): State<Runs>) -> String {
        runs.next().to_string()
    }
}

mod two {
    use super::*;

    #[idempotent(name = "shared")]
    pub(super) async fn handler(State(runs): State<Runs>) -> String {
        runs.next().to_string()
    }
}

#[tokio::test]
async fn two_handlers_of_one_name_are_refused_and_one_on_two_routes_is_not() {
    let router = Router::new()
        .route("/one", post(one::handler))
        .route("/uno", post(one::handler).put(one::handler))
        .route("/two", post(two::handler));
    let (app, runs) = serve(router);
    for (run, path) in ["/one", "/uno"].into_iter().enumerate() {
        assert_eq!(
            ask(&app, json_post(path, &run.to_string(), "{}")).await.status(),
            StatusCode::OK,
            "{path}"
        );
    }
    let mut put = json_post("/uno", "2", "{}");
    *put.method_mut() = Method::PUT;
    assert_eq!(ask(&app, put).await.status(), StatusCode::OK);
    for path in ["/two", "/one", "/two", "/uno"] {
        let refused = ask(&app, json_post(path, "0", "{}")).await;
        assert_eq!(
            (refused.status().as_u16(), problem_code(&refused)),
            (500, "misconfigured".to_owned()),
            "{path}"
        );
    }
    assert_eq!(runs.count(), 3);
}

struct Ledger<T>(Idem, T);

impl<T: std::fmt::Display + Sync> Ledger<T> {
    #[idempotent(with = self.0, key = order, name = "generic")]
    async fn settle<N: std::fmt::Display + Send>(&self, order: u32, note: N) -> Result<String, Refused> {
        Ok(format!("{} {order} {note}", self.1))
    }
}

macro_rules! settlers {
    ($($name:ident $text:literal)*) => {$(
        #[idempotent(with = idem, key = order, name = $text)]
        async fn $name(idem: &Idem, order: u32) -> Result<u32, Refused> {
            Ok(order)
        }
    )*};
}
settlers!(first "made-a" second "made-b" third "made-a");

#[tokio::test]
async fn instances_of_one_function_share_its_name_and_functions_of_one_macro_do_not() {
    let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build().erase();
    let (text, number) = (Ledger(idem.clone(), "a"), Ledger(idem.clone(), 7));
    assert_eq!(text.settle(1, "x").await, Ok("a 1 x".to_owned()));
    assert_eq!(text.settle(2, 3).await, Ok("a 2 3".to_owned()));
    assert_eq!(number.settle(3, 'c').await, Ok("7 3 c".to_owned()));
    assert_eq!(number.settle(1, 'c').await, Ok("a 1 x".to_owned()), "one operation");
    for order in 1..3 {
        assert_eq!(first(&idem, order).await, Ok(order));
        assert_eq!(second(&idem, order).await, Ok(order));
    }
    for _ in 0..2 {
        assert!(matches!(third(&idem, 3).await, Err(Refused::NameShared)));
        assert!(matches!(first(&idem, 3).await, Err(Refused::NameShared)));
    }
    assert_eq!(second(&idem, 3).await, Ok(3));
    // Another `Idem` has records of its own.
    let other = Idem::builder(MemoryStore::new()).scope(Scope::public()).build().erase();
    assert_eq!(third(&other, 3).await, Ok(3));
}

/// Leaves a released claim, as the version before does, and gives the store.
async fn released_by_the_version_before(operation: &str, fingerprint: Fingerprint) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    let hour = Duration::from_hours(1);
    let address = Address::new("", b"ada", operation, b"k");
    let claim = Claim::new(address, Nonce::fresh(), fingerprint, hour, Terms::new(hour, hour, ""))
        .for_operators(Label::new(operation, b"ada"), KeyHint::of(b"k"));
    let ClaimOutcome::Won(won) = store.claim(claim).await.expect("a store in memory") else {
        panic!("it is new")
    };
    let released = store.release(Release::new(address, won.owner, hour)).await;
    assert!(released.is_ok(), "{released:?}");
    store
}

fn body(body: &'static str, query: Option<&str>) -> Fingerprint {
    let mut hasher = BodyHasher::new();
    hasher.update(&bytes::Bytes::from_static(body.as_bytes()));
    hasher.finish(query, Some("application/json"))
}

#[idempotent(key = "k".to_owned() + id.get(..0).unwrap_or_default(), name = "keyed")]
async fn keyed(State(runs): State<Runs>, Path(id): Path<String>) -> String {
    runs.next().to_string()
}

#[tokio::test]
async fn a_record_of_the_version_before_is_compared_in_its_way() {
    // Released: the same request runs, and another one is refused.
    for (operation, path, route) in [
        ("pay-order", "/orders/1/pay", Router::new().route("/orders/{id}/pay", post(pay_order))),
        ("POST /fields", "/fields", Router::new().route("/fields", post(with_fields))),
    ] {
        let runs = Runs::default();
        let store = released_by_the_version_before(operation, body("{}", None)).await;
        let app = route.layer(idem_on(&store).layer()).with_state(runs.clone());
        assert_eq!(
            problem_code(&ask(&app, json_post(path, "k", "{ }")).await),
            "idempotency-key-reused",
            "{operation}"
        );
        assert!(!is_replay(&ask(&app, json_post(path, "k", "{}")).await), "{operation}");
        assert!(is_replay(&ask(&app, json_post(path, "k", "{}")).await), "{operation}");
        assert_eq!(runs.count(), 1, "{operation}");
    }
    // The body of a delivery does not count any more.
    let runs = Runs::default();
    let store = released_by_the_version_before("keyed", body("{}", None)).await;
    let app = Router::new()
        .route("/keyed/{id}", post(keyed))
        .layer(idem_on(&store).layer())
        .with_state(runs.clone());
    assert!(!is_replay(&ask(&app, json_post("/keyed/1", "ignored", "{ }")).await));
    assert!(is_replay(&ask(&app, json_post("/keyed/1", "ignored", "[]")).await));
    assert_eq!(runs.count(), 1);
    // A record of this version is compared in full: a content encoding is not lost, nor a path.
    let runs = Runs::default();
    let store = released_by_the_version_before("POST /plain", body("{}", None)).await;
    let app =
        Router::new().route("/plain", post(plain)).layer(idem_on(&store).layer()).with_state(runs.clone());
    let gzip = with(json_post("/plain", "k", "{}"), &[("content-encoding", "gzip")]);
    assert_eq!(problem_code(&ask(&app, gzip).await), "idempotency-key-reused");
    assert_eq!(runs.count(), 0);
}
