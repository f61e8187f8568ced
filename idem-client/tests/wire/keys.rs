//! Which key is sent, and how.

use idem_client::key::{KeyForm, KeyHeader, derive};
use idem_client::{Client, IdempotencyKey};

use crate::server::{Seen, Server, status};
use crate::{builder, client};

async fn first(
    client: &Client,
    request: impl FnOnce(&Client, String) -> idem_client::RequestBuilder,
) -> Seen {
    let server = Server::start([status(200)]).await;
    assert!(request(client, server.url("/")).send().await.unwrap().is_completed());
    server.seen().remove(0)
}

#[tokio::test]
async fn every_operation_mints_its_own_uuid_v7() {
    let mut keys = Vec::new();
    for _ in 0..2 {
        let seen = first(&client(), Client::post).await;
        let key = IdempotencyKey::from_header(seen.key().unwrap().as_bytes()).unwrap();
        let uuid = uuid::Uuid::parse_str(key.as_str()).unwrap();
        assert_eq!(uuid.get_version_num(), 7);
        keys.push(key);
    }
    assert_ne!(keys[0], keys[1]);
}

#[tokio::test]
async fn methods_without_effect_get_no_key_unless_asked() {
    for method in [http::Method::GET, http::Method::HEAD, http::Method::OPTIONS] {
        let seen = first(&client(), |client, url| client.request(method.clone(), url)).await;
        assert_eq!(seen.key(), None, "{method}");
        let key = IdempotencyKey::new("k").unwrap();
        let seen = first(&client(), |client, url| client.request(method, url).key(key)).await;
        assert_eq!(seen.key(), Some("\"k\""));
    }
    for method in [http::Method::PUT, http::Method::PATCH, http::Method::DELETE] {
        let seen = first(&client(), |client, url| client.request(method, url)).await;
        assert!(seen.key().is_some());
        let seen = first(&client(), |client, url| client.post(url).no_key()).await;
        assert_eq!(seen.key(), None);
    }
}

#[tokio::test]
async fn a_derived_key_is_the_same_in_every_process() {
    let key = derive(&("charge", 17)).unwrap();
    for _ in 0..2 {
        let seen = first(&client(), |client, url| client.post(url).operation(("charge", 17_u64))).await;
        assert_eq!(seen.key(), Some(format!("\"{}\"", key.as_str()).as_str()));
    }
}

#[tokio::test]
async fn the_header_has_the_chosen_name_and_form() {
    let key = || IdempotencyKey::new("a\"b\\c").unwrap();
    let seen = first(&client(), |client, url| client.post(url).key(key())).await;
    assert_eq!(seen.key(), Some(r#""a\"b\\c""#));
    let bare = builder().key_header(KeyHeader::standard(KeyForm::Bare)).build().unwrap();
    let seen = first(&bare, |client, url| client.post(url).key(key())).await;
    assert_eq!(seen.key(), Some(r#"a"b\c"#));
    let paypal = KeyHeader::named("PayPal-Request-Id", KeyForm::Bare).unwrap();
    let seen =
        first(&builder().key_header(paypal).build().unwrap(), |client, url| client.post(url).key(key()))
            .await;
    assert_eq!((seen.key(), seen.header("paypal-request-id")), (None, Some(r#"a"b\c"#)));
}

#[tokio::test]
async fn the_key_is_known_before_anything_is_sent() {
    let server = Server::start([status(200)]).await;
    let operation = client().post(server.url("/")).body("b").build().unwrap();
    let key = operation.key().unwrap().clone();
    assert_eq!(operation.body(), b"b");
    assert!(server.seen().is_empty());
    let outcome = operation.send().await.unwrap();
    assert_eq!(outcome.key(), Some(&key));
    assert_eq!(server.seen()[0].key(), Some(key.to_structured().as_str()));
}
