//! Hand-made histories: good ones pass, and each bad one breaks the invariant it is named after.

mod histories;

use histories::{
    KEY, answered, asked, assert_breaks, begun, broken, died, done, effect, good, hears, invoked, ledger,
    overtaken, paid, ran, record, refused, rerun, unknown, verdict,
};
use idem_tests::matrix::{Call, Caller, Event, Mode, Paid, Said, Seen};

use super::{Effects, check};

#[test]
fn good_histories_pass() {
    let none: [&str; 0] = [];
    assert_eq!(broken(&good(), Effects::AtMostOnce), none);
    assert_eq!(broken(&rerun(), Effects::OncePerAttempt), none);
    assert_eq!(broken(&overtaken(done("c2", true)), Effects::OncePerAttempt), none);
    let verdict = [hears("w2", "c3", done("verdict", true)), vec![record("done", 1, 7)]].concat();
    assert_eq!(broken(&unknown(true, verdict), Effects::AtMostOnce), none);
    let again = [ran("w2", "c3"), vec![record("done", 2, 8)]].concat();
    assert_eq!(broken(&unknown(false, again), Effects::AtMostOnce), none);
    let coupled = [good(), vec![ledger(&["c1"])]].concat();
    assert_eq!(broken(&coupled, Effects::Coupled), none);
}

#[test]
fn an_effect_that_happens_twice() {
    assert_breaks(&rerun(), Effects::AtMostOnce, "one effect");
}

/// A run that dies with its effect asked for under one derived key, and its retry that asks under another.
fn rerun_under(first: &str, second: &str) -> Vec<Event> {
    let mut history = rerun();
    for event in &mut history {
        if let Event::Effect { call, under } = event {
            *under = Some(if call == "c1" { first.into() } else { second.into() });
        }
    }
    history
}

#[test]
fn a_derived_key_that_changes_or_is_missing() {
    let none: [&str; 0] = [];
    assert_eq!(broken(&rerun_under("d1", "d1"), Effects::OncePerDerivedKey), none);
    assert_breaks(&rerun_under("d1", "d2"), Effects::OncePerDerivedKey, "one derived key");
    assert_breaks(&rerun(), Effects::OncePerDerivedKey, "one derived key");
}

#[test]
fn a_derived_key_of_another_operation() {
    let of_another = |derived: &str| {
        let call = Call {
            call: "c9".into(),
            kind: "kind".into(),
            key: "bob/k".into(),
            say: "a".into(),
            mode: Mode::Pay,
            caller: Caller::Waits,
        };
        let said = Said::Done {
            status: 201,
            replayed: Some(false),
            essence: "201 c9".into(),
            paid: Paid { run: "c9".into(), key: "bob/k".into(), say: "a".into() },
        };
        let seen = Seen { state: "done".into(), attempts: 1, fence: 9 };
        let its = vec![
            Event::Invoked { worker: "w2".into(), call },
            begun("c9"),
            asked("c9", derived),
            answered("c9", said),
            Event::Record { key: "bob/k".into(), seen: Some(seen) },
        ];
        [rerun_under("d1", "d1"), its].concat()
    };
    let none: [&str; 0] = [];
    assert_eq!(broken(&of_another("d2"), Effects::OncePerDerivedKey), none);
    assert_breaks(&of_another("d1"), Effects::OncePerDerivedKey, "one derived key");
}

/// A transaction was rolled back, and another attempt ran before its caller was told.
#[test]
fn a_run_that_was_undone_may_say_so_late() {
    let late = |code: &str, effects| {
        let history = [
            vec![invoked("w1", "c1", "a", Mode::Pay), begun("c1"), invoked("w2", "c2", "a", Mode::Pay)],
            vec![begun("c2"), answered("c2", done("c2", false)), answered("c1", refused(code, true))],
            vec![record("done", 1, 7), ledger(&["c2"])],
        ];
        check(&history.concat(), effects).iter().any(|violation| violation.invariant == "I2")
    };
    assert!(!late("transaction-aborted", Effects::Coupled));
    assert!(!late("transaction-conflict", Effects::Coupled));
    assert!(late("request-in-progress", Effects::Coupled));
    assert!(late("transaction-aborted", Effects::OncePerAttempt));
}

#[test]
fn a_rejection_without_effects_may_outlast_another_that_came_to_nothing() {
    let paid = paid("c1");
    let said = Said::Done { status: 422, replayed: Some(false), essence: "422".into(), paid };
    let late = |mode| {
        [
            vec![invoked("w1", "c1", "a", mode), begun("c1"), Event::Stalled { worker: "w1".into() }],
            vec![invoked("w2", "c2", "a", Mode::Pay), begun("c2"), Event::Woken { worker: "w1".into() }],
            vec![answered("c2", refused("transaction-aborted", true)), answered("c1", said.clone())],
            vec![record("done", 1, 7), ledger(&[])],
        ]
        .concat()
    };
    assert_eq!(broken(&late(Mode::Reject), Effects::Coupled), [""; 0]);
    assert_breaks(&late(Mode::Reject), Effects::OncePerAttempt, "I4");
    assert_breaks(&late(Mode::Pay), Effects::Coupled, "I4");
}

#[test]
fn more_runs_than_attempts() {
    let mut history = rerun();
    *history.last_mut().unwrap() = record("done", 1, 8);
    assert_breaks(&history, Effects::OncePerAttempt, "one run");
}

#[test]
fn a_call_that_runs_twice() {
    let mut history = good();
    history.insert(2, begun("c1"));
    assert_breaks(&history, Effects::OncePerAttempt, "one run");
}

#[test]
fn i1_two_committed_effects() {
    assert_breaks(&[good(), vec![ledger(&["c1", "c2"])]].concat(), Effects::Coupled, "I1");
}

#[test]
fn i5_done_without_its_effect() {
    assert_breaks(&[good(), vec![ledger(&[])]].concat(), Effects::Coupled, "I5");
    assert_breaks(&[good(), vec![ledger(&["c2"])]].concat(), Effects::Coupled, "I5");
    assert_breaks(&good(), Effects::Coupled, "I5");
}

#[test]
fn i5_an_effect_whose_record_rejects() {
    let paid = paid("c1");
    let said = Said::Done { status: 422, replayed: Some(false), essence: "422".into(), paid };
    let history =
        vec![invoked("w1", "c1", "a", Mode::Reject), begun("c1"), answered("c1", said), record("done", 1, 7)];
    assert_eq!(broken(&[history.clone(), vec![ledger(&[])]].concat(), Effects::Coupled), [""; 0]);
    assert_breaks(&[history, vec![ledger(&["c1"])]].concat(), Effects::Coupled, "I5");
}

#[test]
fn i2_two_answers() {
    assert_breaks(&overtaken(done("c1", false)), Effects::OncePerAttempt, "I2");
    let other = Said::Done { status: 201, replayed: Some(true), essence: "201 c1 ".into(), paid: paid("c1") };
    assert_breaks(&[good(), hears("w2", "c3", other)].concat(), Effects::AtMostOnce, "I2");
}

#[test]
fn i2_a_stale_owner_that_is_not_told() {
    assert_breaks(&overtaken(refused("outcome-unknown", false)), Effects::OncePerAttempt, "I2");
}

#[test]
fn i3_a_fence_that_falls_or_stands() {
    for fence in [6, 7] {
        let mut history = rerun();
        *history.last_mut().unwrap() = record("done", 2, fence);
        assert_breaks(&history, Effects::OncePerAttempt, "I3");
    }
}

#[test]
fn i4_a_stale_owners_write() {
    let history = [
        vec![
            invoked("w1", "c1", "a", Mode::Pay),
            begun("c1"),
            effect("c1"),
            Event::Stalled { worker: "w1".into() },
        ],
        vec![
            invoked("w2", "c2", "a", Mode::Held),
            begun("c2"),
            effect("c2"),
            Event::Woken { worker: "w1".into() },
        ],
        vec![answered("c1", done("c1", false)), answered("c2", done("c1", true)), record("done", 2, 8)],
    ]
    .concat();
    assert_eq!(broken(&history, Effects::OncePerAttempt), ["I4"]);
}

#[test]
fn i6_another_request_that_runs_or_sees_the_reply() {
    let runs = [good(), vec![invoked("w1", "c9", "b", Mode::Pay), begun("c9")]].concat();
    assert_breaks(&runs, Effects::AtMostOnce, "I6");
    let sees = [good(), vec![invoked("w1", "c9", "b", Mode::Pay), answered("c9", done("c1", true))]].concat();
    assert_breaks(&sees, Effects::AtMostOnce, "I6");
    let waits = [
        good(),
        vec![invoked("w1", "c9", "b", Mode::Pay), answered("c9", refused("request-in-progress", true))],
    ];
    assert_breaks(&waits.concat(), Effects::AtMostOnce, "I6");
    let told =
        vec![invoked("w1", "c9", "b", Mode::Pay), answered("c9", refused("idempotency-key-reused", false))];
    let told = [good(), told, vec![record("done", 1, 7)]].concat();
    assert_eq!(broken(&told, Effects::AtMostOnce), [""; 0]);
}

#[test]
fn i8_an_answer_of_another_scope() {
    let mut history = good();
    let foreign = Paid { key: "bob/k".into(), ..paid("c1") };
    let said = Said::Done { status: 201, replayed: Some(true), essence: "201 c1".into(), paid: foreign };
    history.splice(4..6, hears("w2", "c2", said));
    assert_breaks(&history, Effects::AtMostOnce, "I8");
}

#[test]
fn i9_a_final_answer_that_is_not_replayed() {
    let late = [good(), hears("w2", "c3", refused("request-in-progress", true))].concat();
    assert_breaks(&late, Effects::AtMostOnce, "I9");
    let unmarked = [good(), hears("w2", "c3", done("c1", false))].concat();
    assert_breaks(&unmarked, Effects::AtMostOnce, "I9");
}

#[test]
fn i9_a_released_answer_that_is_replayed() {
    for (run, replayed) in [("c1", true), ("c0", false)] {
        let said = Said::NotDone { status: 503, replayed: Some(replayed), paid: paid(run) };
        let history = [hears("w1", "c1", said), good_as("c2", "c3")].concat();
        assert_breaks(&history, Effects::AtMostOnce, "I9");
    }
}

fn good_as(first: &str, second: &str) -> Vec<Event> {
    [ran("w1", first), hears("w2", second, done(first, true)), vec![record("done", 1, 7)]].concat()
}

#[test]
fn i10_unknown_that_runs_without_a_verdict() {
    let mut history = unknown(false, [ran("w2", "c3"), vec![record("done", 2, 8)]].concat());
    history.retain(|event| !matches!(event, Event::Verdict { .. }));
    assert_breaks(&history, Effects::AtMostOnce, "I10");
    // Even if no event shows the record.
    history
        .retain(|event| !matches!(event, Event::Record { seen: Some(seen), .. } if seen.state == "unknown"));
    assert_breaks(&history, Effects::AtMostOnce, "I10");
    // Nor does one count that had been carried out before.
    let earlier = [verdict(false), Event::Given { key: KEY.into() }];
    assert_breaks(&[earlier.to_vec(), history].concat(), Effects::AtMostOnce, "I10");
    for state in ["running", "released"] {
        let history = [record("unknown", 1, 7), record(state, 2, 8)];
        let history = [vec![invoked("w1", "c1", "a", Mode::Pay)], history.to_vec()].concat();
        assert_breaks(&history, Effects::AtMostOnce, "I10");
    }
}

/// A claim inside a transaction answers that the outcome is unknown, and does not write it down.
#[test]
fn i10_a_record_that_the_sweep_has_not_reached() {
    let history = |fence| {
        [
            vec![invoked("w1", "c1", "a", Mode::Ambiguous), begun("c1"), died("w1"), record("running", 1, 7)],
            hears("w2", "c2", refused("outcome-unknown", false)),
            vec![record("running", 1, fence), record("unknown", 1, fence)],
            vec![verdict(false), Event::Given { key: KEY.into() }],
            vec![invoked("w2", "c3", "a", Mode::Pay), begun("c3"), answered("c3", done("c3", false))],
            vec![record("done", 2, 9), ledger(&["c3"])],
        ]
        .concat()
    };
    assert_eq!(broken(&history(7), Effects::Coupled), [""; 0]);
    assert_breaks(&history(8), Effects::Coupled, "I10");
    assert_breaks(&history(7), Effects::AtMostOnce, "I10");
    // There was no look before, and no run since.
    let unseen: Vec<Event> = [&history(7)[..3], &history(7)[4..]].concat();
    assert_eq!(broken(&unseen, Effects::Coupled), [""; 0]);
    assert_breaks(&unseen, Effects::AtMostOnce, "I10");
    let runs = vec![invoked("w2", "c4", "a", Mode::Pay), begun("c4")];
    let look = unseen.iter().position(|event| matches!(event, Event::Record { .. })).unwrap();
    let mut runs_before_the_look = unseen;
    runs_before_the_look.splice(look..look, runs);
    let found = check(&runs_before_the_look, Effects::Coupled);
    assert!(found.iter().any(|violation| violation.what.contains("and is running")), "{found:?}");
}

/// What a look saw may be older than its end.
#[test]
fn a_look_that_ends_after_a_verdict_may_have_begun_before() {
    let given = Event::Given { key: KEY.into() };
    let looking = Event::Looking { key: KEY.into() };
    let again = [ran("w2", "c3"), vec![record("done", 2, 8)]].concat();
    let died = vec![invoked("w1", "c1", "a", Mode::Pay), begun("c1"), died("w1")];
    let overlaps = vec![verdict(false), looking.clone(), given.clone(), record("unknown", 1, 7)];
    assert_eq!(broken(&[died.clone(), overlaps, again.clone()].concat(), Effects::AtMostOnce), [""; 0]);
    let later = vec![verdict(false), given, looking, record("unknown", 1, 7)];
    assert_breaks(&[died, later, again].concat(), Effects::AtMostOnce, "I10");
}

#[test]
fn l1_a_key_that_does_not_end() {
    for state in ["running", "released", "unknown", "unwinding"] {
        let mut history = rerun();
        *history.last_mut().unwrap() = record(state, 2, 8);
        assert_breaks(&history, Effects::OncePerAttempt, "L1");
    }
    let mut history = good();
    history.pop();
    assert_breaks(&history, Effects::AtMostOnce, "L1");
}

#[test]
fn l1_a_caller_that_is_never_answered() {
    let mut history = good();
    history.push(invoked("w1", "c3", "a", Mode::Pay));
    assert_breaks(&history, Effects::AtMostOnce, "L1");
    history.push(died("w1"));
    assert_eq!(broken(&history, Effects::AtMostOnce), [""; 0]);
}

#[test]
fn an_answer_that_left_before_its_record_was_durable() {
    for state in ["running", "released", "unknown"] {
        let history = [ran("w1", "c1"), vec![died("w1"), record(state, 1, 7), record("done", 1, 7)]].concat();
        assert_breaks(&history, Effects::AtMostOnce, "durable");
    }
}

#[test]
fn an_answer_of_a_run_that_never_was() {
    let mut history = good();
    history.retain(|event| *event != effect("c1"));
    assert_breaks(&history, Effects::AtMostOnce, "truth");
    let verdict = [hears("w2", "c1", done("verdict", true)), vec![record("done", 1, 7)]].concat();
    assert_breaks(&verdict, Effects::AtMostOnce, "truth");
}
