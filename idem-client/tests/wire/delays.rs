//! Waits.

use std::time::Duration;

use idem_client::Outcome;
use idem_client::engine::StopReason;

use crate::server::{Act, Server, reply, status};
use crate::{builder, client, quick};

/// reqwest's own retries: three attempts in under a millisecond although the server asked for seconds.
#[tokio::test]
async fn a_hint_in_milliseconds_is_obeyed() {
    let server = Server::start([reply(503, &["retry-after-ms: 40"], ""), status(200)]).await;
    let outcome = client().post(server.url("/")).send().await.unwrap();
    assert!(outcome.is_completed());
    assert!((40..=44).contains(&outcome.waits()[0].as_millis()), "{:?}", outcome.waits());
    assert!(outcome.report().elapsed() >= Duration::from_millis(40));
}

#[tokio::test]
async fn a_date_is_read_by_the_servers_clock() {
    // An hour ahead of, or years behind, any clock this may run on.
    let lines = ["date: Sun, 06 Nov 1994 08:49:37 GMT", "retry-after: Sun, 06 Nov 1994 10:49:37 GMT"];
    let server = Server::start([reply(503, &lines, "")]).await;
    let outcome = client().post(server.url("/")).send().await.unwrap();
    let hint = Duration::from_hours(2);
    assert_eq!(outcome.report().reason(), StopReason::HintTooLong { hint, limit: quick_limit(&outcome) });
    assert!(matches!(outcome, Outcome::Unknown(_)));
    assert_eq!((server.seen().len(), outcome.waits().len()), (1, 0));
}

/// The least of the three limits, here the time left: it depends on how long the answer took.
fn quick_limit(outcome: &Outcome) -> Duration {
    match outcome.report().reason() {
        StopReason::HintTooLong { limit, .. } if limit <= Duration::from_mins(1) => limit,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_429_whose_hint_is_too_long_is_unknown_not_failed() {
    let server = Server::start([reply(429, &["retry-after: 3600"], "")]).await;
    let outcome = client().post(server.url("/")).send().await.unwrap();
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn one_seed_draws_the_same_waits() {
    let server = Server::start([status(503)]).await;
    let mut waits = Vec::new();
    for _ in 0..2 {
        let client = builder().seed(7).build().unwrap();
        for _ in 0..2 {
            waits.push(client.post(server.url("/")).send().await.unwrap().waits().to_vec());
        }
    }
    assert_eq!(waits[..2], waits[2..]);
    assert_ne!(waits[0], waits[1], "each operation has its own");
    for wait in waits.iter().flatten() {
        assert!(*wait <= Duration::from_millis(4));
    }
}

#[tokio::test]
async fn a_schedule_of_ones_own_is_made_anew_for_each_operation() {
    let server = Server::start([status(503)]).await;
    let client = builder().delays(|| [1, 2].map(Duration::from_millis)).build().unwrap();
    for _ in 0..2 {
        let outcome = client.post(server.url("/")).send().await.unwrap();
        assert_eq!(outcome.report().reason(), StopReason::ScheduleEnded);
        assert_eq!(outcome.waits(), [1, 2].map(Duration::from_millis));
    }
}

/// backoff 0.4 alone goes up to one and a half times its `max_interval`.
#[cfg(feature = "backoff")]
#[tokio::test]
async fn the_backoff_crate_is_held_under_the_cap() {
    let server = Server::start([status(503)]).await;
    let source = backoff::ExponentialBackoffBuilder::new()
        .with_initial_interval(Duration::from_secs(5))
        .with_max_elapsed_time(None)
        .build();
    let client = builder().delays(source).build().unwrap();
    let outcome = client.post(server.url("/")).send().await.unwrap();
    assert_eq!((outcome.attempts(), outcome.waits()), (4, [Duration::from_millis(4); 3].as_slice()));
}

#[cfg(feature = "backoff")]
#[tokio::test]
async fn the_backoff_crate_ends_the_call_with_its_own_time() {
    let server = Server::start([status(503)]).await;
    let source = backoff::ExponentialBackoffBuilder::new()
        .with_max_elapsed_time(Some(Duration::from_millis(1)))
        .build();
    let client = builder().delays(source).build().unwrap();
    for _ in 0..2 {
        let outcome = client.post(server.url("/")).send().await.unwrap();
        assert_eq!((outcome.attempts(), outcome.report().reason()), (1, StopReason::ScheduleEnded));
    }
}

#[tokio::test]
async fn an_attempt_ends_with_its_time_and_the_call_with_the_total() {
    let policy = quick().attempt_timeout(Duration::from_millis(30)).total_timeout(Duration::from_millis(70));
    let server = Server::start([Act::Stall]).await;
    let outcome = client().post(server.url("/")).policy(policy.max_attempts(10)).send().await.unwrap();
    let (attempts, reason) = (outcome.attempts(), outcome.report().reason());
    let Outcome::Unknown(open) = outcome else { panic!("{outcome:?}") };
    assert_eq!(open.error().unwrap().kind().name(), "timeout");
    assert_eq!(reason, StopReason::Deadline);
    assert!((1..=3).contains(&attempts), "{attempts}");
}
