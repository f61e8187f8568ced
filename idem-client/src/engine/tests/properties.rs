//! What holds for every policy, seed and script.

use std::time::Duration;

use proptest::prelude::*;

use super::simulation::{World, ms};
use crate::engine::{Ending, Policy, Reached, Refresh, Rejection, Repeat, Verdict};

fn duration(most: u64) -> impl Strategy<Value = Duration> {
    prop_oneof![Just(Duration::ZERO), (0..most).prop_map(ms)]
}

fn hint() -> impl Strategy<Value = Option<Duration>> {
    prop_oneof![
        3 => Just(None),
        3 => duration(3_000).prop_map(Some),
        1 => Just(Some(Duration::MAX)),
    ]
}

fn failure() -> impl Strategy<Value = Verdict> {
    prop_oneof![Just(Verdict::Lost), Just(Verdict::Undelivered), Just(again(None, Reached::InDoubt))]
}

fn again(hint: Option<Duration>, reached: Reached) -> Verdict {
    Verdict::Again { hint, reached }
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        4 => failure(),
        3 => hint().prop_map(|hint| again(hint, Reached::InDoubt)),
        1 => hint().prop_map(|hint| again(hint, Reached::TurnedAway)),
        4 => hint().prop_map(|hint| Verdict::InProgress { hint }),
        1 => Just(Verdict::Denied(Refresh::Worthwhile)),
        1 => Just(Verdict::Denied(Refresh::Pointless)),
        1 => Just(Verdict::Final(Ending::Completed)),
        1 => Just(Verdict::Final(Ending::Rejected(Rejection::Refused))),
        1 => Just(Verdict::NotMade),
    ]
}

fn script() -> impl Strategy<Value = Vec<(Verdict, Duration)>> {
    proptest::collection::vec((verdict(), duration(500)), 1..12)
}

prop_compose! {
    fn policy()(
        attempts in 0_u32..8, base in duration(300), cap in duration(2_000), attempt in duration(1_000),
        total in duration(10_000), polling in duration(5_000), retry_after in duration(4_000),
    ) -> Policy {
        Policy::default()
            .max_attempts(attempts).base_delay(base).max_delay(cap).attempt_timeout(attempt).total_timeout(total)
            .in_progress_timeout(polling).max_retry_after(retry_after).unauthorized(Refresh::Worthwhile)
    }
}

fn ceiling(policy: &Policy, n: usize) -> Duration {
    policy.base_delay.saturating_mul(1 << n.min(20)).min(policy.max_delay)
}

proptest! {
    #[test]
    fn no_time_is_overslept_and_every_request_is_counted(policy in policy(), seed: u64, script in script()) {
        let run = World::keyed(policy.clone()).seed(seed).run(&script);
        prop_assert!(run.over_at <= policy.total_timeout);
        prop_assert!(run.attempts <= policy.max_attempts);
        let unmade = run.sent.len() as u64 - u64::from(run.attempts) - u64::from(run.polls);
        prop_assert_eq!(unmade, u64::from(run.stop.reason == crate::engine::StopReason::NotPrepared));
        for (n, sent) in run.sent.iter().enumerate() {
            prop_assert_eq!(sent.resend_count as usize, n);
            prop_assert!(sent.timeout <= policy.attempt_timeout);
            prop_assert!(sent.at < policy.total_timeout && sent.at + sent.timeout <= policy.total_timeout);
        }
    }

    #[test]
    fn full_jitter_stays_under_its_doubling_ceiling_and_the_hard_cap(
        policy in policy(), seed: u64, failures in proptest::collection::vec(failure(), 1..8),
    ) {
        let run = World::keyed(policy.clone()).seed(seed).answers(&failures);
        for (n, wait) in run.waits.iter().enumerate() {
            prop_assert!(*wait <= ceiling(&policy, n), "wait {n} is {wait:?}");
        }
    }

    #[test]
    fn another_schedule_is_cut_by_the_cap(policy in policy(), waits in proptest::collection::vec(duration(60_000), 0..9)) {
        let delays = Some(Box::new(waits.clone().into_iter()) as crate::engine::Schedule);
        let run = World { delays, ..World::keyed(policy.clone()) }.answers(&[Verdict::Lost]);
        prop_assert!(run.waits.iter().zip(&waits).all(|(wait, asked)| *wait == (*asked).min(policy.max_delay)));
        prop_assert!(run.sent.len() <= waits.len() + 1);
    }

    #[test]
    fn a_hint_is_waited_out_in_full_or_the_call_stops(policy in policy(), seed: u64, hint in duration(6_000)) {
        let run = World::keyed(policy.clone()).seed(seed).answers(&[again(Some(hint), Reached::InDoubt)]);
        if !hint.is_zero() {
            prop_assert!(run.waits.iter().all(|wait| *wait >= hint && *wait <= hint + hint / 10));
            prop_assert!(run.waits.is_empty() || hint <= policy.max_retry_after);
        }
    }

    #[test]
    fn polls_keep_to_their_own_budget_and_use_up_no_attempt(
        policy in policy(), seed: u64, hint in hint(), latency in duration(200),
    ) {
        let run = World::keyed(policy.clone()).seed(seed).run(&[(Verdict::InProgress { hint }, latency)]);
        let Some(first) = run.sent.first() else { return Ok(()) };
        if latency <= first.timeout {
            let from = latency;
            prop_assert_eq!(run.attempts, 1);
            prop_assert!(run.sent.iter().all(|sent| sent.at <= from + policy.in_progress_timeout));
        }
    }

    #[test]
    fn what_nothing_allows_to_repeat_is_sent_again_only_while_undelivered(
        policy in policy(), seed: u64, script in script(),
    ) {
        let run = World { repeat: Repeat::Never, ..World::keyed(policy) }.seed(seed).run(&script);
        for (sent, (verdict, latency)) in run.sent.iter().zip(&script).take(run.sent.len().saturating_sub(1)) {
            prop_assert!(*verdict == Verdict::Undelivered && *latency <= sent.timeout);
        }
    }

    #[test]
    fn not_sent_is_claimed_only_when_no_byte_was_delivered(policy in policy(), seed: u64, script in script()) {
        let run = World::keyed(policy).seed(seed).run(&script);
        if run.stop.ending == Ending::NotSent {
            for (n, sent) in run.sent.iter().enumerate() {
                let (verdict, latency) = script[n.min(script.len() - 1)];
                prop_assert!(matches!(verdict, Verdict::Undelivered | Verdict::NotMade) && latency <= sent.timeout);
            }
        }
    }

    #[test]
    fn one_seed_gives_one_course(policy in policy(), seed: u64, script in script()) {
        let first = World::keyed(policy.clone()).seed(seed).run(&script);
        prop_assert_eq!(first, World::keyed(policy).seed(seed).run(&script));
    }
}

#[test]
fn full_jitter_uses_the_whole_range() {
    let first = |seed| World::keyed(Policy::default()).seed(seed).answers(&[Verdict::Lost]).waits[0];
    let waits: Vec<Duration> = (0..1_000).map(first).collect();
    assert!(waits.iter().any(|wait| *wait < ms(5)) && waits.iter().any(|wait| *wait > ms(95)));
    let mean = waits.iter().sum::<Duration>() / 1_000;
    assert!((ms(45)..ms(55)).contains(&mean), "{mean:?}");
}
