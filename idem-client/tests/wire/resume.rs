//! Going on where a call had to stop.

use idem_client::Outcome;

use crate::server::{Act, Server, status};
use crate::{client, quick};

#[tokio::test]
async fn an_unknown_operation_goes_on_with_the_same_key_and_body() {
    let script = [Act::Drop, status(503), Act::Drop, status(201)];
    let server = Server::start(script).await;
    let policy = quick().max_attempts(2);
    let request = client().post(server.url("/orders")).body("pay").policy(policy);
    let outcome = request.send().await.unwrap();
    let Outcome::Unknown(open) = outcome else { panic!("{outcome:?}") };
    assert_eq!((open.report().attempts(), open.report().waits().len()), (2, 1));
    // Another client than the one that began it.
    let outcome = client().resume(open).await;
    assert!(outcome.is_completed(), "{outcome:?}");
    assert_eq!((outcome.attempts(), outcome.waits().len()), (4, 2));
    let seen = server.seen();
    assert!(seen.iter().all(|request| *request == seen[0]));
    assert_eq!(seen.len(), 4);
}

#[tokio::test]
async fn doubt_is_carried_over() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let gone = tokio::spawn(async move { drop(listener.accept().await) });
    let outcome = client().post(url).policy(quick().max_attempts(1)).send().await.unwrap();
    gone.await.unwrap();
    // Alone, a refused connection would be `NotSent`.
    let outcome = client().resume(outcome.into_unresolved().unwrap()).await;
    let Outcome::Unknown(open) = outcome else { panic!("{outcome:?}") };
    assert_eq!((open.error().unwrap().kind().name(), open.report().attempts()), ("connect", 2));
}

#[tokio::test]
async fn without_a_key_and_in_doubt_nothing_is_sent() {
    let server = Server::start([Act::Drop, status(200)]).await;
    let outcome = client().post(server.url("/")).no_key().send().await.unwrap();
    let outcome = client().resume(outcome.into_unresolved().unwrap()).await;
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    assert_eq!((outcome.attempts(), server.seen().len()), (1, 1));
}

#[tokio::test]
async fn what_was_not_sent_is_sent_when_the_server_is_there() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outcome = client().post(format!("http://{address}/")).no_key().send().await.unwrap();
    let Outcome::NotSent(open) = outcome else { panic!("{outcome:?}") };
    let app = axum::Router::new().fallback(|| async { "there" });
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let outcome = client().resume(open).await;
    assert!(outcome.is_completed(), "{outcome:?}");
    assert_eq!(outcome.attempts(), 5);
}

#[tokio::test]
async fn what_is_settled_cannot_be_resumed() {
    let server = Server::start([status(200)]).await;
    let outcome = client().post(server.url("/")).send().await.unwrap();
    assert!(outcome.into_unresolved().unwrap_err().is_completed());
}
