//! What histories are made of by hand, and the good ones that bad ones are made from.

use idem_tests::matrix::{Call, Caller, Event, Mode, Paid, Said, Seen};

use crate::checker::{Effects, check};

pub(super) const KEY: &str = "ada/k";

pub(super) fn invoked(worker: &str, name: &str, say: &str, mode: Mode) -> Event {
    let call = Call {
        call: name.into(),
        kind: "kind".into(),
        key: KEY.into(),
        say: say.into(),
        mode,
        caller: Caller::Waits,
    };
    Event::Invoked { worker: worker.into(), call }
}

pub(super) fn begun(call: &str) -> Event {
    Event::Begun { call: call.into() }
}

pub(super) fn effect(call: &str) -> Event {
    Event::Effect { call: call.into(), under: None }
}

pub(super) fn asked(call: &str, derived: &str) -> Event {
    Event::Effect { call: call.into(), under: Some(derived.into()) }
}

pub(super) fn answered(call: &str, said: Said) -> Event {
    Event::Answered { call: call.into(), said }
}

pub(super) fn paid(run: &str) -> Paid {
    Paid { run: run.into(), key: KEY.into(), say: "a".into() }
}

pub(super) fn done(run: &str, replayed: bool) -> Said {
    Said::Done { status: 201, replayed: Some(replayed), essence: format!("201 {run}"), paid: paid(run) }
}

pub(super) fn refused(code: &str, retryable: bool) -> Said {
    Said::Refused { code: code.into(), retryable }
}

pub(super) fn record(state: &str, attempts: u32, fence: u64) -> Event {
    Event::Record { key: KEY.into(), seen: Some(Seen { state: state.into(), attempts, fence }) }
}

pub(super) fn ledger(runs: &[&str]) -> Event {
    Event::Ledger { key: KEY.into(), runs: runs.iter().map(|&run| run.into()).collect() }
}

pub(super) fn verdict(happened: bool) -> Event {
    Event::Verdict { key: KEY.into(), happened }
}

pub(super) fn died(worker: &str) -> Event {
    Event::Died { worker: worker.into() }
}

/// A call of `worker` that runs, has its effect, and is told so.
pub(super) fn ran(worker: &str, name: &str) -> Vec<Event> {
    vec![invoked(worker, name, "a", Mode::Pay), begun(name), effect(name), answered(name, done(name, false))]
}

/// A call that hears this.
pub(super) fn hears(worker: &str, name: &str, said: Said) -> Vec<Event> {
    vec![invoked(worker, name, "a", Mode::Pay), answered(name, said)]
}

/// One call that runs, one that gets its answer.
pub(super) fn good() -> Vec<Event> {
    [ran("w1", "c1"), hears("w2", "c2", done("c1", true)), vec![record("done", 1, 7)]].concat()
}

/// A run that dies with its effect done; its retry is taken over.
pub(super) fn rerun() -> Vec<Event> {
    [
        vec![
            invoked("w1", "c1", "a", Mode::Pay),
            begun("c1"),
            effect("c1"),
            died("w1"),
            record("running", 1, 7),
        ],
        hears("w2", "c2", refused("request-in-progress", true)),
        ran("w2", "c3"),
        vec![record("done", 2, 8)],
    ]
    .concat()
}

/// A run that stands still, is taken over, and wakes up late.
pub(super) fn overtaken(late: Said) -> Vec<Event> {
    [
        vec![
            invoked("w1", "c1", "a", Mode::Pay),
            begun("c1"),
            effect("c1"),
            Event::Stalled { worker: "w1".into() },
        ],
        ran("w2", "c2"),
        vec![Event::Woken { worker: "w1".into() }, answered("c1", late), record("done", 2, 8)],
    ]
    .concat()
}

/// A run that dies, an unknown outcome, and a verdict.
pub(super) fn unknown(happened: bool, then: Vec<Event>) -> Vec<Event> {
    [
        vec![invoked("w1", "c1", "a", Mode::Pay), begun("c1")],
        if happened { vec![effect("c1")] } else { Vec::new() },
        vec![died("w1"), record("unknown", 1, 7)],
        hears("w2", "c2", refused("outcome-unknown", false)),
        vec![verdict(happened), Event::Given { key: KEY.into() }],
        then,
    ]
    .concat()
}

pub(super) fn broken(history: &[Event], effects: Effects) -> Vec<&'static str> {
    let mut names: Vec<_> =
        check(history, effects).into_iter().map(|violation| violation.invariant).collect();
    names.dedup();
    names
}

#[track_caller]
pub(super) fn assert_breaks(history: &[Event], effects: Effects, invariant: &str) {
    let found = check(history, effects);
    assert!(found.iter().any(|violation| violation.invariant == invariant), "{invariant} holds: {found:?}");
}
