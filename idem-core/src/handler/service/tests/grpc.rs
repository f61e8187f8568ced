//! gRPC: the status is the outcome.

use super::super::grpc::{is_grpc, refusal};
use super::*;

/// Its status comes behind a message that is longer than what is kept.
#[tokio::test]
async fn a_message_that_cannot_be_kept_is_never_made_twice() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let service = service_fn(move |_: Request<Body>| {
        counted.fetch_add(1, Ordering::SeqCst);
        let mut fields = HeaderMap::new();
        fields.insert("grpc-status", HeaderValue::from_static("0"));
        let frames = [
            Ok::<_, Infallible>(Frame::data(Bytes::from(vec![b'x'; 2_000_000]))),
            Ok(Frame::trailers(fields)),
        ];
        async move { Ok::<_, Infallible>(Response::new(Body::new(StreamBody::new(tokio_stream(frames))))) }
    });
    let service = idem().service_layer(|_| Protection::Keyed(Route::new())).layer(service);
    let ask = || {
        let mut request = post("/shop.Orders/Create", "k", "order");
        request.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
        service.clone().oneshot(request)
    };
    let first = ask().await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(first.trailers().unwrap()["grpc-status"], "0", "its caller gets all of it");
    let again = ask().await.unwrap();
    assert_eq!(again.headers()["idempotency-code"], "result-unavailable");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// A gRPC service that answers `status`, in the trailers or in the header.
async fn second_answer(status: &'static str, in_header: bool, on_error: OnError) -> (usize, HeaderMap) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let service = service_fn(move |_: Request<Body>| {
        counted.fetch_add(1, Ordering::SeqCst);
        let mut fields = HeaderMap::new();
        fields.insert("grpc-status", HeaderValue::from_static(status));
        let frames =
            [Ok::<_, Infallible>(Frame::data(Bytes::from("message"))), Ok(Frame::trailers(fields.clone()))];
        let mut response = Response::new(if in_header {
            Body::empty()
        } else {
            Body::new(StreamBody::new(tokio_stream(frames)))
        });
        if in_header {
            response.headers_mut().extend(fields);
        }
        async move { Ok::<_, Infallible>(response) }
    });
    let service =
        idem().service_layer(move |_| Protection::Keyed(Route::new().on_error(on_error))).layer(service);
    let ask = || {
        let mut request = post("/shop.Orders/Create", "k", "order");
        request.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc+proto"));
        service.clone().oneshot(request)
    };
    ask().await.unwrap();
    let (parts, body) = ask().await.unwrap().into_parts();
    let mut fields = parts.headers;
    if let Some(trailers) = body.collect().await.unwrap().trailers() {
        fields.extend(trailers.clone());
    }
    (runs.load(Ordering::SeqCst), fields)
}

#[tokio::test]
async fn the_status_of_grpc_is_the_outcome() {
    let cases = (0..=16).map(|status| (status.to_string(), status)).chain([("x".to_owned(), 99)]);
    for (text, status) in cases {
        let text: &'static str = text.leak();
        let stored = [0, 3, 5, 6, 9, 11, 12].contains(&status);
        let released = [1, 7, 8, 10, 14, 16].contains(&status);
        for in_header in [false, true] {
            let (runs, fields) = second_answer(text, in_header, OnError::Release).await;
            assert_eq!(runs, if stored { 1 } else { 2 }, "{text}, in the header: {in_header}");
            assert_eq!(fields["grpc-status"], text);
            let (runs, fields) = second_answer(text, in_header, OnError::Unknown).await;
            if stored || released {
                assert_eq!(runs, if stored { 1 } else { 2 }, "{text}");
            } else {
                assert_eq!((runs, &fields["grpc-status"]), (1, &HeaderValue::from_static("10")), "{text}");
                assert_eq!(fields["idempotency-code"], "outcome-unknown");
            }
            let (runs, _) = second_answer(text, in_header, OnError::Store).await;
            assert_eq!(runs, if released { 2 } else { 1 }, "{text}");
        }
    }
}

#[test]
fn content_types_of_grpc_are_known() {
    for (text, is) in [
        ("application/grpc", true),
        ("application/grpc+proto", true),
        ("Application/gRPC; charset=utf-8", true),
        ("application/grpc-web", false),
        ("application/grpcish", false),
        ("application/json", false),
        ("", false),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(text));
        assert_eq!(is_grpc(&headers), is, "{text}");
    }
}

#[test]
fn a_refusal_is_a_status_without_a_message() {
    let response = refusal(&Refused::OutcomeUnknown, StatusCode::CONFLICT);
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["grpc-status"], "10");
    assert_eq!(response.headers()["idempotency-code"], "outcome-unknown");
    assert!(!response.headers()["grpc-message"].is_empty());
}
