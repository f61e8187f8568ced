//! HTTP/2 can prove that a request was not worked on (RFC 9113 §8.7).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use idem_client::Outcome;

use crate::builder;

/// Resets every stream with `reason`, counts them, and answers 200 from the third on.
async fn resetting(reason: h2::Reason) -> (String, Arc<AtomicU32>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let streams = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&streams);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let counter = Arc::clone(&counter);
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    if counter.fetch_add(1, Ordering::SeqCst) < 2 {
                        respond.send_reset(reason);
                    } else {
                        drop(respond.send_response(http::Response::new(()), true).unwrap());
                    }
                }
            });
        }
    });
    (url, streams)
}

fn client() -> idem_client::Client {
    builder().reqwest(reqwest::Client::builder().http2_prior_knowledge()).build().unwrap()
}

/// reqwest sends refused streams again by itself, and does not report how often.
#[tokio::test]
async fn a_refused_stream_is_undelivered_and_each_one_is_counted() {
    let (url, streams) = resetting(h2::Reason::REFUSED_STREAM).await;
    let outcome = client().post(url).no_key().send().await.unwrap();
    assert!(outcome.is_completed(), "{outcome:?}");
    assert_eq!((outcome.attempts(), streams.load(Ordering::SeqCst)), (3, 3));
}

#[tokio::test]
async fn any_other_reset_proves_nothing() {
    let (url, streams) = resetting(h2::Reason::INTERNAL_ERROR).await;
    let outcome = client().post(url).no_key().send().await.unwrap();
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    assert_eq!((outcome.attempts(), streams.load(Ordering::SeqCst)), (1, 1));
}
