//! What an operator can do about an unknown outcome.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::post;
use idem_core::protocol::{RecordView, StateKind, Verdict, WriteOutcome};
use idem_core::store::memory::MemoryStore;
use idem_core::verify::{Unsettled, Verification};
use idem_core::{Idem, IdemBuilder, Scope, idempotent};

use crate::support::{ask, json_post, problem_code};

type Runs = Arc<AtomicU32>;

/// Panics when it runs for the first time.
#[idempotent]
async fn pay(State(runs): State<Runs>) -> String {
    let run = runs.fetch_add(1, Ordering::SeqCst) + 1;
    assert!(run > 1, "the first run panics, as it is meant to");
    run.to_string()
}

/// A key whose outcome is unknown.
async fn unknown() -> (Router, Idem<MemoryStore>) {
    unknown_to(Idem::builder(MemoryStore::new()).scope(Scope::header("x-account")).build()).await
}

async fn unknown_to(idem: Idem<MemoryStore>) -> (Router, Idem<MemoryStore>) {
    let (app, idem) = panicked(idem).await;
    assert_eq!(problem_code(&ask(&app, json_post("/pay", "k", "")).await), "outcome-unknown");
    (app, idem)
}

/// After the first run.
async fn panicked(idem: Idem<MemoryStore>) -> (Router, Idem<MemoryStore>) {
    let app = Router::new().route("/pay", post(pay)).layer(idem.layer()).with_state(Runs::default());
    assert_eq!(problem_code(&ask(&app, json_post("/pay", "k", "")).await), "outcome-unknown");
    (app, idem)
}

#[tokio::test]
async fn a_verdict_that_it_happened_gives_the_answer_to_every_retry() {
    let (app, idem) = unknown().await;
    let operator = idem.operator();
    let entries = operator.list(StateKind::Unknown, None, 10).await.expect("a list");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].address, operator.address("ada", "POST /pay", "k"));
    let answer =
        Response::builder().status(201).header("location", "/payments/7").body("found out").expect("one");
    let verdict = Verdict::Happened(idem_core::response::reply(&answer));
    assert_eq!(
        operator
            .by("ada")
            .because("it is in the books")
            .settle(&entries[0], verdict)
            .await
            .expect("a verdict"),
        WriteOutcome::Applied
    );
    for _ in 0..2 {
        let reply = ask(&app, json_post("/pay", "k", "")).await;
        assert_eq!((reply.status(), reply.body().as_ref()), (StatusCode::CREATED, b"found out".as_slice()));
        assert_eq!(reply.headers()["location"], "/payments/7");
        assert_eq!(reply.headers()["idempotent-replayed"], "true");
    }
    assert_eq!(operator.count(StateKind::Unknown).await.expect("a count"), 0);
}

#[tokio::test]
async fn a_verdict_that_it_did_not_happen_lets_the_same_request_run_and_no_other() {
    let (app, idem) = unknown().await;
    let operator = idem.operator();
    let entries = operator.list(StateKind::Unknown, None, 10).await.expect("a list");
    assert_eq!(
        operator
            .by("ada")
            .because("it is not in the books")
            .settle(&entries[0], Verdict::DidNotHappen)
            .await
            .expect("a verdict"),
        WriteOutcome::Applied
    );
    assert_eq!(problem_code(&ask(&app, json_post("/pay", "k", "other")).await), "idempotency-key-reused");
    assert_eq!(ask(&app, json_post("/pay", "k", "")).await.body(), "2");
    assert_eq!(ask(&app, json_post("/pay", "k", "")).await.headers()["idempotent-replayed"], "true");
}

#[tokio::test]
async fn an_order_about_a_record_that_has_moved_is_refused() {
    let (app, idem) = unknown().await;
    let operator = idem.operator();
    let entries = operator.list(StateKind::Unknown, None, 10).await.expect("a list");
    assert_eq!(
        operator
            .by("ada")
            .because("it is not in the books")
            .settle(&entries[0], Verdict::DidNotHappen)
            .await
            .expect("a verdict"),
        WriteOutcome::Applied
    );
    assert_eq!(ask(&app, json_post("/pay", "k", "")).await.body(), "2");
    let late = operator.by("bob").because("tidying up").forget(&entries[0]).await.expect("an answer");
    assert!(matches!(late, WriteOutcome::Lost(_)), "{late:?}");
    assert_eq!(ask(&app, json_post("/pay", "k", "")).await.body(), "2", "the answer is still there");
}

#[tokio::test]
async fn an_order_says_in_the_record_who_gave_it_and_why() {
    let (app, idem) = unknown().await;
    let operator = idem.operator();
    let entries = operator.list(StateKind::Unknown, None, 10).await.expect("a list");
    let ada = operator.by("ada").because("the books are burnt, and the customer insists");
    assert_eq!(ada.retry(&entries[0]).await.expect("an answer"), WriteOutcome::Applied);
    // The same order again is the same; another operator's comes too late.
    assert_eq!(ada.retry(&entries[0]).await.expect("an answer"), WriteOutcome::Applied);
    let bob = operator.by("bob").because("it is not in the books");
    let late = bob.settle(&entries[0], Verdict::DidNotHappen).await.expect("an answer");
    assert_eq!(late, WriteOutcome::Lost(RecordView::Released));
    assert_eq!(ask(&app, json_post("/pay", "k", "")).await.body(), "2");
    let record = operator.inspect(entries[0].address).await.expect("an answer").expect("a record");
    let line = record.audit.expect("a line").to_string();
    let said = " released with outcome unknown by ada: the books are burnt, and the customer insists";
    assert!(line.ends_with(said), "{line}");
}

fn verifying() -> IdemBuilder<MemoryStore, Scope> {
    let idem = Idem::builder(MemoryStore::new()).scope(Scope::header("x-account"));
    idem.verify_after(Duration::ZERO)
}

#[tokio::test]
async fn a_hook_that_finds_it_gives_the_answer_to_every_retry() {
    let hook = |unsettled: Unsettled| async move {
        assert_eq!(unsettled.operation(), "POST /pay");
        let answer = Response::builder().status(201).header("location", "/payments/7").body("found out")?;
        Ok(Verification::Happened(idem_core::response::reply(&answer)))
    };
    let (app, _idem) = panicked(verifying().verify("POST /pay", hook).build()).await;
    for _ in 0..2 {
        let reply = ask(&app, json_post("/pay", "k", "")).await;
        assert_eq!((reply.status(), reply.body().as_ref()), (StatusCode::CREATED, b"found out".as_slice()));
        assert_eq!(reply.headers()["location"], "/payments/7");
        assert_eq!(reply.headers()["idempotent-replayed"], "true");
    }
}

#[tokio::test]
async fn a_hook_that_does_not_find_it_lets_the_retry_run() {
    let hook = async |_| Ok(Verification::DidNotHappen);
    let (app, _idem) = panicked(verifying().verify("POST /pay", hook).build()).await;
    assert_eq!(problem_code(&ask(&app, json_post("/pay", "k", "other")).await), "idempotency-key-reused");
    let reply = ask(&app, json_post("/pay", "k", "")).await;
    assert_eq!(reply.body(), "2");
    assert!(!reply.headers().contains_key("idempotent-replayed"), "it ran");
    assert_eq!(ask(&app, json_post("/pay", "k", "")).await.headers()["idempotent-replayed"], "true");
}

#[tokio::test]
async fn a_hook_that_cannot_tell_leaves_it_to_the_operator() {
    let hook = async |_| Err("the bank is closed".into());
    let (app, idem) = unknown_to(verifying().verify("POST /pay", hook).build()).await;
    let operator = idem.operator();
    let entries = operator.list(StateKind::Unknown, None, 10).await.expect("a list");
    let ada = operator.by("ada").because("it is not in the books");
    let settled = ada.settle(&entries[0], Verdict::DidNotHappen).await;
    assert_eq!(settled.expect("a verdict"), WriteOutcome::Applied);
    assert_eq!(ask(&app, json_post("/pay", "k", "")).await.body(), "2");
}
