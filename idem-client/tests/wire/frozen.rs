//! One operation is one key and one body, in every attempt and after every failure.

use idem_client::Outcome;

use crate::server::{Act, Server, reply, status, truncated};
use crate::{builder, client};

/// Clients that mint the key inside the retried function charge twice: gocardless-pro-python issue 12.
#[tokio::test]
async fn every_attempt_sends_the_same_bytes() {
    let script = [status(503), Act::Drop, truncated(201), reply(201, &["x: y"], "done")];
    let server = Server::start(script).await;
    let outcome = client()
        .post(server.url("/orders?a=1"))
        .header("authorization", "Bearer t")
        .json(&serde_json::json!({ "amount": 1200 }))
        .send()
        .await
        .unwrap();
    assert_eq!((outcome.attempts(), outcome.polls(), outcome.waits().len()), (4, 0, 3));
    let Outcome::Completed(answered) = outcome else { panic!("{outcome:?}") };
    assert_eq!(answered.reply().text(), Ok("done"));
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    assert!(seen.iter().all(|request| *request == seen[0]), "{seen:#?}");
    assert_eq!(seen[0].line, "POST /orders?a=1 HTTP/1.1");
    assert_eq!(seen[0].body, br#"{"amount":1200}"#);
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    assert!(seen[0].key().is_some());
}

/// octocrab 0.54 replaces a body that it cannot clone by an empty one.
#[tokio::test]
async fn a_body_that_is_not_text_arrives_whole_each_time() {
    let server = Server::start([Act::Drop, status(200)]).await;
    let body: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let outcome = client().put(server.url("/blob")).body(body.clone()).send().await.unwrap();
    assert!(outcome.is_completed());
    assert!(server.seen().iter().all(|request| request.body == body));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn half_a_reply_is_no_answer() {
    let server = Server::start([truncated(201)]).await;
    let outcome = client().post(server.url("/")).send().await.unwrap();
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_key_follows_no_redirect() {
    let elsewhere = Server::start([status(200)]).await;
    let location = format!("location: {}", elsewhere.url("/"));
    for code in [301, 302, 303, 307, 308] {
        let server = Server::start([reply(code, &[&location], "")]).await;
        let loose = reqwest::Client::builder().redirect(reqwest::redirect::Policy::limited(5));
        for client in [client(), builder().reqwest(loose).build().unwrap()] {
            let outcome = client.post(server.url("/")).send().await.unwrap();
            assert!(outcome.is_completed());
            assert_eq!(outcome.reply().unwrap().status(), code);
        }
    }
    assert!(elsewhere.seen().is_empty());
}

/// reqwest 0.13: `retry::for_host(X)` sends a POST to another host twice as well.
#[tokio::test]
async fn retries_configured_in_reqwest_are_switched_off() {
    let server = Server::start([status(503)]).await;
    let retrying = reqwest::Client::builder().retry(
        reqwest::retry::for_host("127.0.0.1").no_budget().classify_fn(|attempt| match attempt.status() {
            Some(_) => attempt.retryable(),
            None => attempt.success(),
        }),
    );
    let client = builder().reqwest(retrying).build().unwrap();
    let outcome = client.post(server.url("/")).send().await.unwrap();
    assert_eq!((outcome.attempts(), server.seen().len()), (4, 4));
}

#[tokio::test]
async fn a_reply_that_is_too_large_is_not_asked_for_again() {
    let server = Server::start([reply(200, &[], "0123456789")]).await;
    let outcome = builder().max_reply_bytes(9).build().unwrap().post(server.url("/")).send().await.unwrap();
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    assert_eq!(server.seen().len(), 1);
    let outcome = builder().max_reply_bytes(10).build().unwrap().post(server.url("/")).send().await.unwrap();
    assert!(outcome.is_completed());
}
