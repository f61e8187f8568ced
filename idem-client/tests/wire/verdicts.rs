//! What the server says about repeating.

use idem_client::{Outcome, Rejection};

use crate::client;
use crate::server::{Act, Server, problem, reply, status};

async fn outcome(script: impl IntoIterator<Item = Act>) -> (Outcome, usize) {
    let server = Server::start(script).await;
    let outcome = client().post(server.url("/")).send().await.unwrap();
    (outcome, server.seen().len())
}

#[tokio::test]
async fn the_verdict_header_is_obeyed_both_ways() {
    for name in ["stripe-should-retry", "x-should-retry"] {
        let (no, yes) = (format!("{name}: false"), format!("{name}: true"));
        let (ended, sent) = outcome([reply(503, &[&no], "")]).await;
        let Outcome::Rejected(rejected) = ended else { panic!("{ended:?}") };
        assert_eq!((rejected.rejection(), sent), (Rejection::Failed, 1));
        let (ended, sent) = outcome([reply(404, &[&yes], ""), status(200)]).await;
        assert!(ended.is_completed());
        assert_eq!(sent, 2);
    }
}

#[tokio::test]
async fn a_replayed_500_ends_it() {
    let (ended, sent) = outcome([reply(500, &["Idempotent-Replayed: true"], "no")]).await;
    let Outcome::Rejected(rejected) = ended else { panic!("{ended:?}") };
    assert!(rejected.reply().replayed());
    assert_eq!((rejected.rejection(), rejected.reply().text(), sent), (Rejection::Failed, Ok("no"), 1));
}

#[tokio::test]
async fn a_replayed_success_says_so() {
    let (ended, _) = outcome([Act::Drop, reply(201, &["idempotent-replayed: true"], "{}")]).await;
    let Outcome::Completed(answered) = ended else { panic!("{ended:?}") };
    assert!(answered.reply().replayed());
}

#[tokio::test]
async fn a_reused_key_is_told_from_an_invalid_request() {
    for act in [
        problem(400, "idempotency-key-reused"),
        problem(422, "idempotency-key-reused"),
        reply(400, &[], r#"{"error":{"type":"idempotency_error"}}"#),
    ] {
        let (ended, sent) = outcome([act]).await;
        assert!(matches!(ended, Outcome::KeyMismatch(_)), "{ended:?}");
        assert_eq!(sent, 1);
    }
    for act in [status(400), status(422), problem(422, "amount-negative")] {
        let (ended, sent) = outcome([act]).await;
        assert!(matches!(ended, Outcome::Rejected(_)), "{ended:?}");
        assert_eq!(sent, 1);
    }
}

#[tokio::test]
async fn an_unknown_outcome_is_asked_for_again_only_as_503() {
    let (ended, sent) = outcome([problem(503, "outcome-unknown"), status(201)]).await;
    assert!(ended.is_completed());
    assert_eq!(sent, 2);
    let (ended, sent) = outcome([problem(409, "outcome-unknown")]).await;
    assert!(matches!(ended, Outcome::Unknown(_)), "{ended:?}");
    assert_eq!(sent, 1);
}

#[tokio::test]
async fn an_answer_that_was_not_kept_is_no_licence_for_a_new_key() {
    let (ended, sent) = outcome([problem(409, "result-unavailable")]).await;
    let Outcome::Rejected(rejected) = ended else { panic!("{ended:?}") };
    assert_eq!((rejected.rejection(), sent), (Rejection::ResultUnavailable, 1));
}

#[tokio::test]
async fn an_expired_key_is_not_sent_again() {
    let (ended, sent) = outcome([problem(409, "key-expired")]).await;
    assert!(matches!(ended, Outcome::Expired(_)), "{ended:?}");
    assert_eq!((sent, ended.reply().unwrap().status().as_u16()), (1, 409));
}
