//! Keys inside idempotent handlers.

use idem_client::{BuildError, Error, Operation, RequestBuilder};
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, IdempotencyKey, Refused, Scope, idempotent};

use crate::client;
use crate::server::{Server, status};

fn idem() -> Idem {
    Idem::builder(MemoryStore::new()).scope(Scope::public()).build().erase()
}

/// Runs `body` as the attempt of an operation.
#[idempotent(with = idem, key = key, name = "op")]
async fn attempt<T>(
    idem: &Idem,
    key: &str,
    body: impl AsyncFnOnce() -> Result<T, Refused>,
) -> Result<T, Refused>
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    body().await
}

/// What `body` gives in a run of its own, as in a new process.
async fn inside<T>(key: &str, body: impl AsyncFnOnce() -> T) -> T {
    let mut result = None;
    let run = async || {
        result = Some(body().await);
        Ok(())
    };
    attempt(&idem(), key, run).await.unwrap();
    result.unwrap()
}

fn post(url: &str) -> RequestBuilder {
    client().post(url)
}

#[track_caller]
fn key(built: Result<Operation, BuildError>) -> String {
    built.unwrap().key().unwrap().as_str().to_owned()
}

fn version(key: &str) -> usize {
    uuid::Uuid::parse_str(key).unwrap().get_version_num()
}

/// A place where nothing is sent to.
const URL: &str = "http://shop.example/charges";

#[tokio::test]
async fn a_re_run_sends_the_keys_of_the_first_run() {
    let server = Server::start([status(403), status(200)]).await;
    let (idem, url) = (idem(), server.url("/charges"));
    let run = async || {
        let named = post(&url).name(("charge", 17)).send().await.unwrap();
        let unnamed = post(&url).send().await.unwrap();
        if named.is_completed() && unnamed.is_completed() { Ok(()) } else { Err(Refused::HandlerPanicked) }
    };
    assert_eq!(attempt(&idem, "k", run).await, Err(Refused::HandlerPanicked));
    assert_eq!(attempt(&idem, "k", run).await, Ok(()));
    let keys: Vec<String> = server.seen().iter().map(|seen| seen.key().unwrap().to_owned()).collect();
    assert_eq!((keys.len(), &keys[..2]), (4, &keys[2..]));
    assert_ne!(keys[0], keys[1]);
}

#[tokio::test]
async fn a_derived_key_depends_on_the_running_key_and_the_name_alone() {
    let charge = || key(post(URL).name("charge").build());
    let first = inside("k", async || charge()).await;
    assert_eq!(version(&first), 8);
    assert_eq!(
        inside("k", async || key(client().put("http://b.example/").body("b").name("charge").build())).await,
        first
    );
    assert_ne!(inside("other", async || charge()).await, first);
    assert_ne!(inside("k", async || key(post(URL).name(("charge", 1)).build())).await, first);
    // What a foreign client gets for the same name.
    let by_hand = inside("k", async || idem_core::current().unwrap().derive("charge").unwrap());
    assert_eq!(by_hand.await.as_str(), first);
}

#[tokio::test]
async fn a_call_without_a_name_is_named_by_method_and_place() {
    let of = |method: http::Method, url: &'static str| {
        inside("k", async move || key(client().request(method, url).build()))
    };
    let post = of(http::Method::POST, URL).await;
    for same in ["http://shop.example:80/charges?at=12#top", "http://ada:secret@shop.example/charges"] {
        assert_eq!(of(http::Method::POST, same).await, post, "{same}");
    }
    for other in ["https://shop.example/charges", "http://shop.example:81/charges", "http://shop.example/"] {
        assert_ne!(of(http::Method::POST, other).await, post, "{other}");
    }
    assert_ne!(of(http::Method::PUT, URL).await, post);
}

#[tokio::test]
async fn the_second_call_of_one_name_is_refused_and_not_sent() {
    let server = Server::start([status(200)]).await;
    let url = server.url("/charges");
    inside("k", async || {
        for twice in [
            [post(&url).name("charge"), post(&url).name("charge")],
            [post(&url), client().post(server.url("/charges?line=2"))],
        ] {
            let [first, second] = twice;
            assert!(first.send().await.unwrap().is_completed());
            let refused = second.send().await.unwrap_err();
            assert!(matches!(refused, Error::Refused(BuildError::NameTaken)), "{refused:?}");
            assert!(refused.to_string().contains(".name("), "{refused}");
        }
        assert!(post(&url).name(("charge", 2)).send().await.unwrap().is_completed());
        // The name is taken by a call that was dropped before it ran, and by a key that the handler derived itself.
        drop(post(&url).name("dropped").send());
        assert!(matches!(post(&url).name("dropped").build(), Err(BuildError::NameTaken)));
        idem_core::current().unwrap().derive("by hand").unwrap();
        assert!(matches!(post(&url).name("by hand").build(), Err(BuildError::NameTaken)));
    })
    .await;
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn sending_an_operation_again_is_no_second_call() {
    let server = Server::start([status(503), status(200)]).await;
    inside("k", async || {
        let once = idem_client::Policy::default().max_attempts(1);
        let open = post(&server.url("/")).policy(once).send().await.unwrap();
        let idem_client::Outcome::Unknown(open) = open else { panic!("{open:?}") };
        assert!(client().resume(open).await.is_completed());
    })
    .await;
    let keys: Vec<_> = server.seen().iter().map(|seen| seen.key().unwrap().to_owned()).collect();
    assert_eq!((keys.len(), &keys[0]), (2, &keys[1]));
}

#[tokio::test]
async fn what_the_request_says_itself_goes_first() {
    let given = || IdempotencyKey::new("given").unwrap();
    let outside = key(post(URL).operation(("charge", 17)).build());
    inside("k", async || {
        // Twice each: none takes a name.
        for _ in 0..2 {
            assert_eq!(key(post(URL).key(given()).name("charge").build()), "given");
            assert_eq!(key(post(URL).operation(("charge", 17)).build()), outside);
            assert_eq!(version(&key(post(URL).fresh_key().build())), 7);
            assert_eq!(version(&key(client().get(URL).fresh_key().build())), 7);
            assert!(post(URL).no_key().build().unwrap().key().is_none());
            assert!(client().get(URL).name("look").build().unwrap().key().is_none());
        }
        assert_ne!(key(post(URL).fresh_key().build()), key(post(URL).fresh_key().build()));
        assert_eq!(version(&key(post(URL).name("charge").build())), 8);
    })
    .await;
}

#[tokio::test]
async fn outside_of_handlers_a_name_changes_nothing_but_must_be_one() {
    assert_eq!(version(&key(post(URL).name("charge").build())), 7);
    assert_ne!(key(post(URL).name("charge").build()), key(post(URL).name("charge").build()));
    let no_name = post(URL).name(("charge", None::<u32>)).build();
    assert!(matches!(no_name, Err(BuildError::Operation(_))), "{no_name:?}");
}

#[tokio::test]
async fn calls_side_by_side_and_in_inner_operations_have_keys_of_their_own() {
    let keys = inside("k", async || {
        let call = async |name: &'static str| key(post(URL).name(name).build());
        let (a, b) = tokio::join!(call("a"), call("b"));
        let inner = inside("k2", async || key(post(URL).name("a").build())).await;
        [a, b, inner]
    })
    .await;
    assert_eq!(keys, [keyed("k", "a").await, keyed("k", "b").await, keyed("k2", "a").await]);
    assert!(keys[0] != keys[1] && keys[0] != keys[2]);
}

async fn keyed(running: &str, name: &str) -> String {
    inside(running, async || key(post(URL).name(name).build())).await
}

#[tokio::test]
async fn the_task_that_calls_send_counts_not_the_one_that_polls() {
    let server = Server::start([status(200)]).await;
    let url = server.url("/");
    inside("k", async || {
        // Described and sent here, polled elsewhere.
        assert!(tokio::spawn(post(&url).name("sent").send()).await.unwrap().unwrap().is_completed());
        let carried = post(&url).name("carried");
        let carried = idem_core::spawn(async { carried.send().await });
        assert!(carried.await.unwrap().unwrap().is_completed());
        let lost = post(&url).name("lost");
        let lost = tokio::spawn(async { lost.send().await });
        assert!(lost.await.unwrap().unwrap().is_completed());
    })
    .await;
    let seen = server.seen();
    let sent = |n: usize| IdempotencyKey::from_header(seen[n].key().unwrap().as_bytes()).unwrap();
    assert_eq!(sent(0).as_str(), keyed("k", "sent").await);
    assert_eq!(sent(1).as_str(), keyed("k", "carried").await);
    assert_eq!(version(sent(2).as_str()), 7);
}
