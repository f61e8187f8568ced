//! Mistakes that are told before anything is sent.

use idem_client::key::{KeyForm, KeyHeader};
use idem_client::{BuildError, Error, RequestBuilder};

use crate::server::{Server, status};
use crate::{builder, client};

async fn refused(request: RequestBuilder) -> BuildError {
    match request.send().await {
        Err(Error::Refused(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_key_set_by_hand_is_refused_and_the_way_named() {
    let server = Server::start([status(200)]).await;
    let error = refused(client().post(server.url("/")).header("Idempotency-Key", "k1")).await;
    assert!(matches!(error, BuildError::KeyByHand(_)), "{error:?}");
    assert!(error.to_string().contains(".key()") && !error.to_string().contains("k1"));
    let header = KeyHeader::named("x-request-key", KeyForm::Bare).unwrap();
    let other = builder().key_header(header).build().unwrap();
    for name in ["X-Request-Key", "idempotency-key"] {
        let error = refused(other.post(server.url("/")).no_key().header(name, "k1")).await;
        assert!(matches!(error, BuildError::KeyByHand(_)), "{error:?}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn urls_that_cannot_be_used() {
    for url in ["", "/orders", "ftp://shop.example/", "http://", "not a url", "mailto:a@b.example"] {
        let error = refused(client().post(url)).await;
        assert!(matches!(error, BuildError::Url(_)), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn bodies_headers_and_names_that_cannot_be_used() {
    let url = "http://shop.example/";
    let no_json = std::collections::BTreeMap::from([(vec![1], 1)]);
    assert!(matches!(refused(client().post(url).json(&no_json)).await, BuildError::Json(_)));
    assert!(matches!(refused(client().post(url).header("a b", "c")).await, BuildError::HeaderName));
    assert!(matches!(refused(client().post(url).header("a", "b\nc")).await, BuildError::HeaderValue(_)));
    assert!(matches!(
        refused(client().post(url).operation(("a", None::<&str>))).await,
        BuildError::Operation(_)
    ));
    // The first mistake counts.
    let error = refused(client().post("nowhere").header("a b", "c")).await;
    assert!(matches!(error, BuildError::Url(_)), "{error:?}");
}
