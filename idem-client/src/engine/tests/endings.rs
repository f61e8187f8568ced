//! What an operation is said to be at its end.

use std::time::Duration;

use super::simulation::{World, ms};
use crate::engine::{Ending, Engine, Policy, Reached, Refresh, Rejection, Repeat, Step, StopReason, Verdict};

const UNAVAILABLE: Verdict = Verdict::Again { hint: None, reached: Reached::InDoubt };
const DENIED: Verdict = Verdict::Denied(Refresh::Worthwhile);
const OK: Verdict = Verdict::Final(Ending::Completed);

fn keyed(script: &[Verdict]) -> (Ending, StopReason, u32) {
    let run = World::keyed(Policy::default()).answers(script);
    (run.stop.ending, run.stop.reason, run.attempts)
}

#[test]
fn attempts_are_counted_exactly() {
    assert_eq!(keyed(&[UNAVAILABLE]), (Ending::Unknown, StopReason::AttemptsExhausted, 4));
    assert_eq!(keyed(&[UNAVAILABLE, UNAVAILABLE, OK]), (Ending::Completed, StopReason::Final, 3));
    let run = World::keyed(Policy::default().max_attempts(0)).answers(&[UNAVAILABLE]);
    assert_eq!(run.attempts, 1);
}

#[test]
fn undelivered_is_not_sent_unless_an_earlier_attempt_got_through() {
    assert_eq!(keyed(&[Verdict::Undelivered]).0, Ending::NotSent);
    assert_eq!(keyed(&[Verdict::Lost, Verdict::Undelivered]).0, Ending::Unknown);
    assert_eq!(keyed(&[Verdict::Undelivered, Verdict::Lost, Verdict::Undelivered]).0, Ending::Unknown);
}

#[test]
fn a_refusal_at_the_door_is_final_only_without_doubt() {
    let refused = Ending::Rejected(Rejection::Refused);
    assert_eq!(keyed(&[DENIED]), (refused, StopReason::Final, 1));
    assert_eq!(keyed(&[Verdict::Undelivered, DENIED]), (refused, StopReason::Final, 2));
    assert_eq!(keyed(&[Verdict::Lost, DENIED]), (Ending::Unknown, StopReason::DeniedInDoubt, 2));
    assert_eq!(keyed(&[Verdict::Lost, Verdict::Final(refused)]), (refused, StopReason::Final, 2));
}

#[test]
fn fresh_credentials_are_tried_once_at_once() {
    let policy = Policy::default().unauthorized(Refresh::Worthwhile);
    let run = World::keyed(policy.clone()).answers(&[DENIED, OK]);
    assert_eq!((run.stop.ending, run.attempts, run.waits.len()), (Ending::Completed, 2, 0));
    let run = World::keyed(policy.clone()).answers(&[DENIED]);
    assert_eq!((run.stop.ending, run.attempts), (Ending::Rejected(Rejection::Refused), 2));
    let run = World::keyed(policy.clone()).answers(&[Verdict::Denied(Refresh::Pointless)]);
    assert_eq!(run.attempts, 1);
    let run = World { repeat: Repeat::Never, ..World::keyed(policy) }.answers(&[DENIED, OK]);
    assert_eq!((run.stop.ending, run.attempts), (Ending::Rejected(Rejection::Refused), 1));
}

#[test]
fn a_hook_that_gives_up_is_no_attempt() {
    assert_eq!(keyed(&[Verdict::NotMade]), (Ending::NotSent, StopReason::NotPrepared, 0));
    assert_eq!(keyed(&[Verdict::Lost, Verdict::NotMade]), (Ending::Unknown, StopReason::NotPrepared, 1));
}

#[test]
fn a_resumed_request_that_nothing_allows_to_repeat_sends_nothing() {
    let world = World { repeat: Repeat::Never, reached: Reached::InDoubt, ..World::keyed(Policy::default()) };
    let run = world.answers(&[OK]);
    assert_eq!((run.stop.ending, run.stop.reason), (Ending::Unknown, StopReason::NotRepeatable));
    assert!(run.sent.is_empty());
}

#[test]
fn what_the_server_leaves_open_stays_in_doubt_when_resumed() {
    for ending in [Ending::Unknown, Ending::InProgress] {
        let run = World::keyed(Policy::default()).answers(&[Verdict::Final(ending)]);
        assert_eq!((run.stop.ending, run.reached), (ending, Reached::InDoubt));
    }
}

/// reqwest-retry 0.9 and retry-policies check the deadline before the sleep, and overshoot by it.
#[test]
fn a_wait_that_would_reach_the_deadline_is_not_begun() {
    let delays = Some(Box::new(std::iter::repeat(ms(400))) as crate::engine::Schedule);
    let policy = Policy::default().max_attempts(10).total_timeout(ms(1_000));
    let run = World { delays, ..World::keyed(policy) }.answers(&[UNAVAILABLE]);
    assert_eq!(run.stop.reason, StopReason::Deadline);
    assert_eq!((run.sent.len(), run.over_at), (3, ms(800)));
}

#[test]
fn the_last_attempt_gets_only_the_time_left() {
    let policy =
        Policy::default().attempt_timeout(ms(800)).total_timeout(ms(1_000)).base_delay(Duration::ZERO);
    let run = World::keyed(policy).run(&[(OK, ms(5_000))]);
    assert_eq!(run.sent.iter().map(|sent| sent.timeout).collect::<Vec<_>>(), [ms(800), ms(200)]);
    assert_eq!((run.stop.ending, run.over_at), (Ending::Unknown, ms(1_000)));
}

/// A laptop that slept, or a stopped process: the wait ended long after the deadline.
#[test]
fn a_wait_that_took_too_long_is_followed_by_no_request() {
    let policy = Policy::default();
    let (mut engine, step) = Engine::begin(&policy, Repeat::Keyed, Reached::Nothing, 1, None, Duration::ZERO);
    let Step::Send(permit) = step else { panic!("{step:?}") };
    let Step::Wait(pause) = engine.settle(permit, Verdict::Lost, ms(1)) else { panic!() };
    let step = engine.resume(pause, Duration::from_hours(1));
    let Step::Stop(end) = step else { panic!("{step:?}") };
    assert_eq!((end.ending, end.reason), (Ending::Unknown, StopReason::Deadline));
}

#[test]
fn a_wait_woken_early_is_waited_to_its_end() {
    let delays = Some(Box::new(std::iter::repeat(ms(100))) as crate::engine::Schedule);
    let (mut engine, step) =
        Engine::begin(&Policy::default(), Repeat::Keyed, Reached::Nothing, 1, delays, Duration::ZERO);
    let Step::Send(permit) = step else { panic!("{step:?}") };
    let Step::Wait(pause) = engine.settle(permit, Verdict::Lost, ms(0)) else { panic!() };
    let Step::Wait(rest) = engine.resume(pause, ms(30)) else { panic!("it was not yet time") };
    assert_eq!(rest.duration(), ms(70));
    assert!(matches!(engine.resume(rest, ms(100)), Step::Send(_)));
    assert_eq!(engine.waits(), [ms(100)]);
}

#[test]
fn unlimited_time_is_no_overflow() {
    let policy = Policy::default()
        .total_timeout(Duration::MAX)
        .in_progress_timeout(Duration::MAX)
        .max_retry_after(Duration::MAX)
        .max_delay(Duration::MAX)
        .base_delay(Duration::MAX);
    let run = World::keyed(policy).answers(&[UNAVAILABLE, OK]);
    assert_eq!(run.stop.ending, Ending::Completed);
}
