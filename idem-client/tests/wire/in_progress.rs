//! Operations that the server is still working on.

use std::time::Duration;

use idem_client::Outcome;

use crate::server::{Server, problem, reply, status};
use crate::{builder, client, quick};

#[tokio::test]
async fn a_409_in_progress_is_polled_until_the_answer_is_there() {
    let stripe = reply(409, &[], r#"{"error":{"code":"idempotency_key_in_use"}}"#);
    let typed = reply(423, &[], r#"{"type":"https://idem.example/problems/request-in-progress"}"#);
    let ours = problem(409, "request-in-progress");
    let server = Server::start([ours.clone(), stripe, typed, ours.clone(), ours, status(201)]).await;
    let outcome = client().post(server.url("/")).body("{}").send().await.unwrap();
    assert!(outcome.is_completed(), "{outcome:?}");
    assert_eq!((outcome.attempts(), outcome.polls(), outcome.waits().len()), (1, 5, 5));
    let seen = server.seen();
    assert_eq!(seen.len(), 6);
    assert!(seen.iter().all(|request| *request == seen[0]));
}

#[tokio::test]
async fn a_business_409_is_an_answer() {
    for act in [status(409), problem(409, "out-of-stock"), reply(409, &["retry-after: 1"], "conflict")] {
        let server = Server::start([act]).await;
        let outcome = client().post(server.url("/")).send().await.unwrap();
        assert!(matches!(outcome, Outcome::Rejected(_)), "{outcome:?}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn polling_ends_with_its_budget_and_goes_on_when_resumed() {
    let working = problem(409, "request-in-progress");
    let policy = quick().in_progress_timeout(Duration::from_millis(50));
    let server = Server::start([working]).await;
    let outcome = client().post(server.url("/")).policy(policy).send().await.unwrap();
    assert!(matches!(outcome, Outcome::InProgress(_)), "{outcome:?}");
    let (attempts, polls) = (outcome.attempts(), outcome.polls());
    assert_eq!((attempts, polls as usize), (1, server.seen().len() - 1));
    assert!(polls > 0);
    let outcome = client().resume(outcome.into_unresolved().unwrap()).await;
    assert!(matches!(outcome, Outcome::InProgress(_)), "{outcome:?}");
    assert_eq!((outcome.attempts() + outcome.polls()) as usize, server.seen().len());
}

#[tokio::test]
async fn a_hint_longer_than_the_poll_budget_ends_it_at_once() {
    let working = reply(409, &["retry-after: 31"], r#"{"code":"request-in-progress"}"#);
    let server = Server::start([working]).await;
    let outcome = builder().build().unwrap().post(server.url("/")).send().await.unwrap();
    assert!(matches!(outcome, Outcome::InProgress(_)), "{outcome:?}");
    assert_eq!((server.seen().len(), outcome.waits().len()), (1, 0));
}
