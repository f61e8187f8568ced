//! What the server asks for.

use std::time::Duration;

use super::simulation::{Run, World, ms};
use crate::engine::{Ending, Policy, Reached, StopReason, Verdict};

fn told(policy: Policy, hint: Duration) -> Run {
    World::keyed(policy).answers(&[
        Verdict::Again { hint: Some(hint), reached: Reached::InDoubt },
        Verdict::Final(Ending::Completed),
    ])
}

#[test]
fn a_hint_goes_before_the_cap_of_the_backoff() {
    let run = told(Policy::default().max_delay(ms(50)), Duration::from_secs(5));
    assert_eq!(run.stop.ending, Ending::Completed);
    assert!((5_000..=5_500).contains(&run.waits[0].as_millis()), "{:?}", run.waits);
}

/// Others sleep for it, or cut it and call too early: reqwest-middleware issue 146, go-retryablehttp issue 247.
#[test]
fn a_hint_beyond_the_limit_stops_the_call_at_once() {
    let hint = Duration::from_secs(61);
    let run = told(Policy::default().total_timeout(Duration::from_mins(10)), hint);
    assert_eq!(run.stop.ending, Ending::Unknown);
    assert_eq!(run.stop.reason, StopReason::HintTooLong { hint, limit: Duration::from_mins(1) });
    assert_eq!((run.sent.len(), run.waits.len(), run.over_at), (1, 0, Duration::ZERO));
}

#[test]
fn a_hint_beyond_the_time_left_stops_the_call_at_once() {
    let hint = Duration::from_secs(30);
    let run = told(Policy::default(), hint);
    assert_eq!(run.stop.reason, StopReason::HintTooLong { hint, limit: hint });
    assert!(run.waits.is_empty());
    assert!(!told(Policy::default(), Duration::from_millis(29_999)).waits.is_empty());
}

/// backoff 0.4: `retry_after` bypassed every limit, 1,440 attempts in 24 hours with a limit of 1 ms.
#[test]
fn hints_do_not_bypass_the_limits() {
    let verdict = Verdict::Again { hint: Some(ms(1)), reached: Reached::InDoubt };
    let run = World::keyed(Policy::default()).answers(&[verdict]);
    assert_eq!((run.sent.len(), run.stop.reason), (4, StopReason::AttemptsExhausted));
}

#[test]
fn a_hint_of_zero_leaves_the_backoff_in_place() {
    let zero = Verdict::Again { hint: Some(Duration::ZERO), reached: Reached::InDoubt };
    let none = Verdict::Again { hint: None, reached: Reached::InDoubt };
    let run = World::keyed(Policy::default()).answers(&[zero]);
    assert_eq!(run, World::keyed(Policy::default()).answers(&[none]));
}

#[test]
fn the_jitter_on_a_hint_never_eats_the_time_to_send() {
    for seed in 0..200 {
        let world = World::keyed(Policy::default().total_timeout(ms(1_000))).seed(seed);
        let hint = Some(ms(990));
        let run = world.answers(&[
            Verdict::Again { hint, reached: Reached::InDoubt },
            Verdict::Final(Ending::Completed),
        ]);
        assert_eq!(run.stop.ending, Ending::Completed);
        assert!(run.waits[0] >= ms(990) && run.sent[1].timeout >= ms(5), "{run:?}");
    }
}
