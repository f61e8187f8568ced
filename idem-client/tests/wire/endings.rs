//! Outcomes as values and as errors.

use idem_client::Outcome;
use idem_client::outcome::ReadError;

use crate::client;
use crate::server::{Server, reply, status};

#[tokio::test]
async fn a_completed_answer_reads_as_json() {
    let server = Server::start([reply(200, &[], r#"{"id":7}"#)]).await;
    let outcome = client().post(server.url("/")).send().await.unwrap();
    let value: serde_json::Value = outcome.json().unwrap();
    assert_eq!(value["id"], 7);
}

#[tokio::test]
async fn an_answer_of_another_shape_is_still_completed() {
    let server = Server::start([reply(200, &[], "[]")]).await;
    let outcome = client().post(server.url("/")).send().await.unwrap();
    let error = outcome.json::<u32>().unwrap_err();
    let ReadError::Json(why) = error else { panic!("{error:?}") };
    assert!(why.is_of_another_shape());
}

#[tokio::test]
async fn anything_else_is_an_error_that_keeps_the_outcome() {
    let server = Server::start([status(503)]).await;
    let outcome = client().post(server.url("/")).operation("ping").send().await.unwrap();
    let error = outcome.into_result().unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with(
        "the operation ended as unknown: all attempts are used up; last status 503; 4 attempts in "
    ));
    assert!(text.contains("; key "), "{text}");
    assert!(!text.contains(error.outcome().key().unwrap().as_str()));
    assert!(matches!(error.into_outcome(), Outcome::Unknown(_)));
}

#[tokio::test]
async fn the_last_reply_and_the_last_error_are_both_kept() {
    let server = Server::start([reply(500, &["x-id: 1"], "first"), crate::server::Act::Drop]).await;
    let outcome = client().post(server.url("/")).send().await.unwrap();
    let Outcome::Unknown(open) = outcome else { panic!("{outcome:?}") };
    let last = open.reply().unwrap();
    assert_eq!(
        (last.status().as_u16(), last.text(), last.headers()["x-id"].to_str().unwrap()),
        (500, Ok("first"), "1")
    );
    assert_eq!(open.error().unwrap().kind().name(), "lost");
}

/// async-stripe keeps the status of an attempt before the last one.
#[tokio::test]
async fn a_reply_clears_the_error_before_it() {
    let server = Server::start([crate::server::Act::Drop, status(500)]).await;
    let outcome = client().post(server.url("/")).send().await.unwrap();
    let Outcome::Unknown(open) = outcome else { panic!("{outcome:?}") };
    assert!(open.error().is_none());
}
