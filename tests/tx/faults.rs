//! Every round trip of a call broken in every way: cut before it was sent, cut after, its answer swallowed or held back.
//! Then the call is repeated, with its key, until it is answered for good: one effect, one answer, and nothing untrue was
//! said on the way.

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use idem_testing::proxy::{Fault, Proxy};

use crate::suite::{End, ask_for, mariadb, mysql, postgres, postgres_with_begin};
use crate::world::{Answer, ask, soon};

/// For replies that are held back.
const SHORT: Duration = Duration::from_millis(400);

macro_rules! faults {
    ($name:ident, $module:ident, $trips:literal) => {
        #[tokio::test]
        async fn $name() {
            let Some((world, _)) = $module::world().await else { return };
            let proxy = Proxy::to(&*host_port(&world.url)).await.unwrap();
            let url = proxy.url(&world.url);
            let mut cases = 0;
            for end in [End::Created, End::Unprocessable] {
                let expected: (u16, i64) = if end == End::Created { (201, 1) } else { (422, 0) };
                let idem = world
                    .process_by(&url, |b| {
                        b.store_timeout(SHORT).completion_timeout(SHORT * 4).max_run(SHORT * 4)
                    })
                    .await;
                let router = Router::new().route("/act", post($module::act)).layer(idem.layer());
                let router = router.with_state(world.app.clone());
                let mut notes = world.rows().await;
                // Opens the connection, and prepares what is prepared once.
                for warm in 0..2 {
                    let note = format!("{end:?}-warm-{warm}");
                    assert_eq!(ask(&router, &note, &ask_for(&note, end)).await.status, expected.0);
                    notes += expected.1;
                }
                let quiet = async || settled(&proxy).await;
                let before = quiet().await;
                let note = format!("{end:?}-count");
                assert_eq!(ask(&router, &note, &ask_for(&note, end)).await.status, expected.0);
                notes += expected.1;
                let trips = quiet().await - before;
                if end == End::Created {
                    assert_eq!(trips, $trips, "round trips of a call with one statement of its own");
                }
                for n in 1..=trips {
                    for fault in Fault::ALL {
                        let note = format!("{end:?}-{n}-{fault:?}");
                        let body = ask_for(&note, end);
                        proxy.on_request(n, fault);
                        let mut answers = Vec::new();
                        let answer = loop {
                            let answer = soon(&note, ask(&router, &note, &body)).await;
                            answers.push(answer.clone());
                            if answer.status == expected.0 {
                                break answer;
                            }
                            assert!(may_pass(&answer), "{note}: {answers:?}");
                            if NOTHING_DONE.contains(&&*answer.text) {
                                assert_eq!(
                                    world.rows().await,
                                    notes,
                                    "{note}: \"nothing was done\": {answers:?}"
                                );
                            }
                            assert!(answers.len() < 100, "{note}: never decided: {answers:?}");
                            proxy.pass().await.unwrap();
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        };
                        proxy.pass().await.unwrap();
                        notes += expected.1;
                        assert_eq!(world.rows().await, notes, "{note}: {answers:?}");
                        let again = ask(&router, &note, &body).await;
                        assert!(again.replayed && again.text == answer.text, "{note}: {again:?}");
                        // From the record alone, too.
                        let other = $module::router(&world).await;
                        let again = ask(&other, &note, &body).await;
                        assert!(again.replayed && again.text == answer.text, "{note}: {again:?}");
                        cases += 1;
                    }
                }
            }
            println!("{}: {cases} cases, every one decided", stringify!($module));
        }
    };
}
// BEGIN, claim, the handler's statement, completion, COMMIT. After the answer, the pool's look at a connection that comes
// back; before that, on MySQL, its settings put back. In its own dialect, MySQL also waits for locks as before.
faults!(of_postgres, postgres, 6);
faults!(of_postgres_with_begin, postgres_with_begin, 5);
faults!(of_mariadb, mariadb, 7);
faults!(of_mysql, mysql, 8);

pub(crate) fn host_port(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    let authority = rest.split(['/', '?']).next().unwrap();
    authority.rsplit('@').next().unwrap().to_owned()
}

/// These codes tell the caller that nothing was done.
const NOTHING_DONE: [&str; 2] = ["store-unavailable", "transaction-conflict"];

/// What a caller may hear before its answer: each says that it may ask again with the same key.
fn may_pass(answer: &Answer) -> bool {
    let codes = ["store-unavailable", "outcome-unknown", "request-in-progress", "transaction-conflict"];
    // The handler's own error about a statement whose connection broke.
    answer.status == 500 || (codes.contains(&&*answer.text) && [409, 503].contains(&answer.status))
}

/// Requests so far, once none is on its way any more.
pub(crate) async fn settled(proxy: &Proxy) -> u64 {
    let mut seen = proxy.requests();
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = proxy.requests();
        if now == seen {
            return now;
        }
        seen = now;
    }
}
