//! The hook before every attempt.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use idem_client::{BoxError, Outcome};

use crate::server::{Server, status};
use crate::{builder, client, quick};

fn token(n: u32) -> Result<HeaderMap, BoxError> {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {n}").parse()?);
    Ok(headers)
}

#[tokio::test]
async fn credentials_are_renewed_and_key_and_body_stay() {
    let server = Server::start([status(503), status(401), status(201)]).await;
    let statuses = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&statuses);
    let client = builder()
        .prepare_attempt(move |attempt| {
            log.lock().unwrap().push(attempt.last_status().map(|status| status.as_u16()));
            async move { token(attempt.resend_count()) }
        })
        .build()
        .unwrap();
    let outcome = client.post(server.url("/")).header("authorization", "old").body("b").send().await.unwrap();
    assert!(outcome.is_completed(), "{outcome:?}");
    assert_eq!(outcome.attempts(), 3);
    let seen = server.seen();
    let tokens: Vec<_> = seen.iter().map(|request| request.header("authorization").unwrap()).collect();
    assert_eq!(tokens, ["Bearer 0", "Bearer 1", "Bearer 2"]);
    assert!(seen.iter().all(|request| request.key() == seen[0].key() && request.body == b"b"));
    assert_eq!(*statuses.lock().unwrap(), [None, Some(503), Some(401)]);
}

#[tokio::test]
async fn a_401_without_a_hook_is_final() {
    let server = Server::start([status(401)]).await;
    let outcome = client().post(server.url("/")).send().await.unwrap();
    assert!(matches!(outcome, Outcome::Rejected(_)), "{outcome:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_hook_cannot_touch_key_or_body() {
    let server = Server::start([status(200)]).await;
    for name in ["idempotency-key", "content-type", "content-length", "content-encoding", "transfer-encoding"]
    {
        let outcome = client()
            .post(server.url("/"))
            .prepare_attempt(move |_| async move {
                Ok(HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static("1"))]))
            })
            .send()
            .await
            .unwrap();
        assert_eq!(outcome.attempts(), 0);
        let Outcome::NotSent(open) = outcome else { panic!("{outcome:?}") };
        assert_eq!(open.error().unwrap().kind().name(), "prepare");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_hook_that_fails_ends_the_operation_unsent_and_it_can_be_resumed() {
    let server = Server::start([status(200)]).await;
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let request = client().post(server.url("/")).prepare_attempt(move |_| {
        let call = counted.fetch_add(1, Ordering::SeqCst);
        async move { if call == 0 { Err("no token".into()) } else { token(call) } }
    });
    let outcome = request.send().await.unwrap();
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
    assert!(server.seen().is_empty());
    let outcome = client().resume(outcome.into_unresolved().unwrap()).await;
    assert!(outcome.is_completed());
    assert_eq!((outcome.attempts(), calls.load(Ordering::SeqCst)), (1, 2));
}

#[tokio::test]
async fn a_hook_that_hangs_is_cut_off_with_nothing_sent() {
    let server = Server::start([status(200)]).await;
    let outcome = client()
        .post(server.url("/"))
        .policy(quick().attempt_timeout(Duration::from_millis(20)))
        .prepare_attempt(|_| std::future::pending())
        .send()
        .await
        .unwrap();
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
    assert!(server.seen().is_empty());
}
