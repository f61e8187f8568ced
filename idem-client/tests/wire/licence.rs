//! What may be sent again, and what may not.

use http::Method;
use idem_client::{Client, Outcome};

use crate::client;
use crate::server::{Act, Server, nobody, status};

async fn sent(client: &Client, method: Method, act: Act) -> (Outcome, usize) {
    let server = Server::start([act, status(200)]).await;
    let outcome = client.request(method, server.url("/")).no_key().send().await.unwrap();
    (outcome, server.seen().len())
}

/// reqwest-retry 0.9, octocrab and `KittyCAD` issue 1042: a keyless POST was sent up to four times.
#[tokio::test]
async fn a_post_without_a_key_is_not_sent_again() {
    for method in [Method::POST, Method::PATCH] {
        for act in [status(503), status(429), status(500), Act::Drop] {
            let (outcome, sent) = sent(&client(), method.clone(), act).await;
            assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
            assert_eq!((sent, outcome.attempts()), (1, 1));
            assert_eq!(outcome.key(), None);
        }
    }
}

#[tokio::test]
async fn what_is_idempotent_by_its_method_needs_no_key() {
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS] {
        for act in [status(503), Act::Drop] {
            let (outcome, sent) = sent(&client(), method.clone(), act).await;
            assert!(outcome.is_completed(), "{method} {outcome:?}");
            assert_eq!(sent, 2);
        }
    }
}

/// A closed connection is no proof that nothing was delivered: hyper issue 2136.
#[tokio::test]
async fn a_connection_closed_before_the_request_was_read_proves_nothing() {
    let server = Server::start([Act::Refuse]).await;
    let outcome = client().post(server.url("/")).no_key().send().await.unwrap();
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    assert_eq!(outcome.attempts(), 1);
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_was_sent() {
    for keyless in [false, true] {
        let request = client().post(nobody().await);
        let request = if keyless { request.no_key() } else { request };
        let outcome = request.send().await.unwrap();
        assert_eq!(outcome.attempts(), 4);
        let Outcome::NotSent(open) = outcome else { panic!("{outcome:?}") };
        assert_eq!(open.error().unwrap().kind().name(), "connect");
    }
}

#[tokio::test]
async fn a_name_that_never_resolves_proves_that_nothing_was_sent() {
    #[derive(Debug)]
    struct Never;
    impl reqwest::dns::Resolve for Never {
        fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
            Box::pin(std::future::pending())
        }
    }
    let connecting = std::time::Duration::from_millis(20);
    let http =
        reqwest::Client::builder().dns_resolver(std::sync::Arc::new(Never)).connect_timeout(connecting);
    let client = crate::builder().reqwest(http).build().unwrap();
    let outcome = client.post("http://shop.example/").no_key().send().await.unwrap();
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
    assert_eq!(outcome.attempts(), 4);
}

#[tokio::test]
async fn a_lost_attempt_before_a_refused_connection_leaves_it_unknown() {
    // The server answers once by closing, and is gone then.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { drop(listener.accept().await) });
    let outcome = client().post(url).send().await.unwrap();
    let Outcome::Unknown(open) = outcome else { panic!("{outcome:?}") };
    assert_eq!(open.error().unwrap().kind().name(), "connect");
}
