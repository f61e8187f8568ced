//! Operations in progress.

use std::time::Duration;

use super::simulation::{World, ms};
use crate::engine::{Ending, Policy, Reached, Repeat, StopReason, Verdict};

const WORKING: Verdict = Verdict::InProgress { hint: None };

fn working(hint: u64) -> Verdict {
    Verdict::InProgress { hint: Some(ms(hint)) }
}

/// stripe-ruby issue 431: a 409 longer than the retries was shown as a failure of an operation that succeeded.
#[test]
fn polling_outlasts_the_attempts() {
    let mut script = vec![WORKING; 8];
    script.push(Verdict::Final(Ending::Completed));
    let policy = Policy::default().max_attempts(1).max_delay(ms(500));
    let run = World::keyed(policy).answers(&script);
    assert_eq!((run.stop.ending, run.attempts, run.polls), (Ending::Completed, 1, 8));
}

/// `IdempotentAPI` issue 37: the server died, and said 409 for ever.
#[test]
fn a_409_for_ever_ends_with_a_last_look_at_the_end_of_the_budget() {
    for seed in 0..200 {
        let policy = Policy::default().total_timeout(Duration::from_hours(1));
        let run = World::keyed(policy).seed(seed).answers(&[WORKING]);
        assert_eq!((run.stop.ending, run.stop.reason), (Ending::InProgress, StopReason::PollBudgetSpent));
        assert_eq!(run.over_at, Duration::from_secs(30));
        assert!(run.polls < 60, "{} polls", run.polls);
    }
}

#[test]
fn the_total_timeout_bounds_polling_too() {
    for seed in 0..200 {
        let run = World::keyed(Policy::default().total_timeout(ms(1_000))).seed(seed).answers(&[WORKING]);
        assert_eq!(run.stop.ending, Ending::InProgress);
        assert!(run.over_at >= ms(750) && run.over_at < ms(1_000), "{:?}", run.over_at);
    }
}

#[test]
fn a_hint_beyond_the_poll_budget_stops_at_once() {
    let policy = Policy::default().in_progress_timeout(ms(1_000));
    let run = World::keyed(policy.clone()).answers(&[working(1_001)]);
    assert!(matches!(run.stop.reason, StopReason::HintTooLong { .. }));
    assert_eq!((run.stop.ending, run.sent.len(), run.over_at), (Ending::InProgress, 1, Duration::ZERO));
    let run = World::keyed(policy).answers(&[working(1_000), Verdict::Final(Ending::Completed)]);
    assert_eq!((run.stop.ending, run.waits.as_slice()), (Ending::Completed, [ms(1_000)].as_slice()));
}

#[test]
fn polls_obey_hints() {
    let run = World::keyed(Policy::default()).answers(&[working(2_000), Verdict::Final(Ending::Completed)]);
    assert!((2_000..=2_200).contains(&run.waits[0].as_millis()));
}

#[test]
fn a_failed_poll_counts_as_a_failure_and_the_budget_goes_on() {
    let run = World::keyed(Policy::default()).answers(&[WORKING, Verdict::Lost]);
    assert_eq!((run.stop.ending, run.stop.reason), (Ending::Unknown, StopReason::AttemptsExhausted));
    assert_eq!((run.attempts, run.polls), (4, 1));
}

#[test]
fn zero_delays_and_zero_hints_make_no_busy_loop() {
    let policy = Policy::default().base_delay(Duration::ZERO).in_progress_timeout(ms(1_000));
    let run = World::keyed(policy.clone()).answers(&[WORKING]);
    assert!(run.polls < 100, "{} polls", run.polls);
    let run = World::keyed(policy).answers(&[working(0)]);
    assert!(run.polls < 100, "{} polls", run.polls);
}

#[test]
fn without_a_key_nothing_is_polled() {
    let world = World { repeat: Repeat::Never, ..World::keyed(Policy::default()) };
    let run = world.answers(&[WORKING]);
    assert_eq!((run.sent.len(), run.stop.reason), (1, StopReason::NotRepeatable));
}

#[test]
fn a_budget_of_zero_asks_once() {
    let run = World::keyed(Policy::default().in_progress_timeout(Duration::ZERO)).answers(&[WORKING]);
    assert_eq!((run.stop.ending, run.sent.len()), (Ending::InProgress, 1));
}

#[test]
fn what_is_in_progress_may_have_happened() {
    let world = World::keyed(Policy::default());
    let run = world.answers(&[WORKING, Verdict::Undelivered]);
    assert_eq!(run.stop.ending, Ending::Unknown);
    let resumed = World { reached: Reached::InDoubt, ..World::keyed(Policy::default()) };
    assert_eq!(resumed.answers(&[Verdict::Undelivered]).stop.ending, Ending::Unknown);
}
