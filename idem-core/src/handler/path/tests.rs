//! The canonical form beside what a real router hands out.

use std::borrow::Cow;
use std::collections::HashMap;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, OriginalUri, Path};
use axum::http::{Request, StatusCode, Uri};
use axum::routing::any;
use tower_service::Service;

use super::canonical;

#[test]
fn plain_paths_stay_as_they_are() {
    for path in
        ["/", "", "/pay", "/a/7/pay", "/a//b/", "/./a/../b", "/a/x:y@z,;=+$&!'()*~-_.", "/caf%C3%A9/%20"]
    {
        assert_eq!(canonical(path, None), path);
        assert_eq!(canonical(path, Some("/{*rest}")), path);
    }
}

#[test]
fn equal_spellings_have_one_form() {
    for (path, form) in [
        ("/a/inv%3A7/pay", "/a/inv:7/pay"),
        ("/a/inv%3a7/pay", "/a/inv:7/pay"),
        ("/%70ay", "/pay"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/café", "/caf%C3%A9"),
        ("/a|b\"", "/a%7Cb%22"),
        ("/a%2fb", "/a%2Fb"),
        ("/%zz%", "/%25zz%25"),
        ("/%25zz", "/%25zz"),
        ("/%2541", "/%2541"),
        ("/%ff", "/%FF"),
        ("/%2e%2e/%2E", "/../."),
        ("/a%2Bb", "/a+b"),
        ("/a%20b", "/a%20b"),
        ("/%00%3f%23", "/%00%3F%23"),
    ] {
        assert_eq!(canonical(path, None), form, "{path}");
        assert_eq!(canonical(form, None), form, "the form of a form is itself");
    }
}

#[test]
fn an_escaped_slash_separates_in_a_wildcard_only() {
    let route = Some("/files/{tenant}/{*rest}");
    assert_eq!(canonical("/files/a%2Fb/c%2Fd/e", route), "/files/a%2Fb/c/d/e");
    assert_eq!(canonical("/files/a%2Fb/c%2Fd/e", Some("/files/{tenant}/{rest}/e")), "/files/a%2Fb/c%2Fd/e");
    assert_eq!(canonical("/{*a/b%2fc", Some("/{{*a/{id}")), "/%7B*a/b%2Fc", "a literal brace");
}

#[test]
fn a_path_without_escapes_is_not_copied() {
    for path in ["/", "/a/7/pay", "/a/x:y@z,;=+$&!'()*~-_."] {
        assert!(matches!(canonical(path, Some("/a/{id}/{*rest}")), Cow::Borrowed(_)), "{path}");
    }
}

/// Pieces of segments: every kind of character that a client may send, raw and escaped in both cases of hexadecimal.
const PIECES: [&str; 33] = [
    "", "a", "%61", "A", "%41", ":", "%3A", "%3a", "+", "%2B", "%20", "%2F", "%2f", "/", "%25", "%", "%zz",
    "%25zz", "%2", "é", "%C3%A9", "%c3%a9", "%C3", "%FF", ".", "%2e", "..", "~", "%7E", "|", "%7C", "*",
    "%2a",
];

/// Two pieces one behind the other, so that an escape may begin in one of them and end in the other.
fn paths() -> Vec<String> {
    let pairs = PIECES.iter().flat_map(|first| PIECES.iter().map(move |second| format!("{first}{second}")));
    pairs
        .flat_map(|id| {
            [
                format!("/one/{id}"),
                format!("/two/{id}/pay"),
                format!("/three/x/{id}"),
                format!("/four/{id}/in/{id}"),
            ]
        })
        .collect()
}

/// What the handler of a request sees: its pattern, and its arguments. `None` where the router or `Path` refuses.
fn seen(router: &mut Router, path: &str) -> Option<(String, String)> {
    let uri: Uri = path.parse().ok()?;
    let request = Request::post(uri).body(Body::empty()).expect("a request");
    let response = now(router.call(request)).expect("a router does not fail");
    if response.status() != StatusCode::OK {
        return None;
    }
    let body = now(to_bytes(response.into_body(), 10_000)).expect("a body");
    let text = String::from_utf8(body.to_vec()).expect("text");
    let (form, arguments) = text.split_once('\n').expect("two lines");
    Some((form.to_owned(), arguments.to_owned()))
}

/// A future that never waits.
fn now<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

async fn tell(
    matched: MatchedPath,
    OriginalUri(uri): OriginalUri,
    Path(arguments): Path<Vec<(String, String)>>,
) -> String {
    format!("{}\n{} {arguments:?}", canonical(uri.path(), Some(matched.as_str())), matched.as_str())
}

#[test]
fn two_paths_have_one_form_exactly_where_a_router_hands_out_equal_arguments() {
    let inner = Router::new().route("/in/{id}", any(tell));
    let mut router = Router::new()
        .route("/one/{id}", any(tell))
        .route("/two/{id}/pay", any(tell))
        .route("/three/{tenant}/{*rest}", any(tell))
        .nest("/four/{tenant}", inner);
    let mut of_form: HashMap<String, String> = HashMap::new();
    let mut of_arguments: HashMap<String, String> = HashMap::new();
    let mut spellings = 0;
    for path in paths() {
        let Some((form, arguments)) = seen(&mut router, &path) else { continue };
        spellings += 1;
        let known = of_form.entry(form.clone()).or_insert_with(|| arguments.clone());
        assert_eq!(*known, arguments, "{path}: other arguments under one form");
        let known = of_arguments.entry(arguments.clone()).or_insert_with(|| form.clone());
        assert_eq!(*known, form, "{path}: another form of equal arguments");
    }
    assert!(
        spellings > 2500 && of_form.len() > 700 && of_form.len() < spellings,
        "{spellings} {}",
        of_form.len()
    );
}
