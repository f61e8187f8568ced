//! What the others do when a worker is gone: they go on until every key is settled.

use std::time::{Duration, Instant};

use idem_tests::matrix::{Call, Caller, Event, Mode, Order, Said};

use crate::checker::Effects;
use crate::stage::{SAY, SAY_ELSE, Stage};
use crate::worker::{Gone, Progress, Worker};

/// What asking has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Done,
    Unknown,
    /// Neither, so far.
    Nothing,
}

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(50);
/// An operation that is not settled after this will not be. Much longer than any lease.
const LONG: Duration = Duration::from_secs(40);
/// A victim that stands still in the middle of a write keeps all others waiting. After this the victim is woken.
const STUCK: Duration = Duration::from_secs(3);

fn meaning(said: &Said) -> Found {
    match said {
        Said::Done { .. } => Found::Done,
        Said::Refused { code, retryable: false } if code == "outcome-unknown" => Found::Unknown,
        Said::Refused { .. } | Said::NotDone { .. } | Said::Panicked => Found::Nothing,
    }
}

/// Asks again and again, until the operation is done or unknown, or the victim that stands still has to be woken.
pub(crate) fn asks_until_it_ends(stage: &mut Stage<'_>, worker: &mut Worker) -> Found {
    ask_until(stage, worker, &stage.key(), STUCK)
}

fn ask_until(stage: &mut Stage<'_>, worker: &mut Worker, key: &str, patience: Duration) -> Found {
    let deadline = Instant::now() + patience;
    loop {
        let call = stage.call(key, SAY, Mode::Pay, Caller::Waits);
        let found = said(worker, call, deadline);
        if found != Found::Nothing || Instant::now() >= deadline {
            return found;
        }
        std::thread::sleep(PAUSE);
    }
}

fn said(worker: &mut Worker, call: Call, deadline: Instant) -> Found {
    let name = call.call.clone();
    worker.tell(&Order::Call(call));
    let said = match worker.answer_or_begun(&name, deadline).expect("a healthy worker") {
        Progress::Answered(said) => said,
        // Its answer is on its way.
        Progress::Begun => worker.answer(&name).expect("a healthy worker"),
        Progress::Nothing => return Found::Nothing,
    };
    meaning(&said)
}

/// When the victim goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wakes {
    /// Once the other worker is through.
    Late,
    /// While the handler of the other worker runs.
    Early,
}

/// The victim stands still. Another worker goes on; then the victim wakes, and answers its callers.
pub(crate) fn while_it_stands_still(
    stage: &mut Stage<'_>,
    victim: &mut Worker,
    other: &mut Worker,
    wakes: Wakes,
) {
    match wakes {
        Wakes::Late => {
            let key = stage.key();
            ask_until(stage, other, &key, STUCK);
            goes_on(victim);
        }
        Wakes::Early => {
            let held = begin_another(stage, other);
            if stage.kind.effects == Effects::Coupled {
                // The victim waits for the other worker's transaction if it has to write the same record.
                other.tell(&Order::Go);
            }
            goes_on(victim);
            other.tell(&Order::Go);
            if let Some(held) = held {
                other.answer(&held).expect("a healthy worker");
            }
        }
    }
}

/// A run of the other worker that is held, if it comes to one.
fn begin_another(stage: &mut Stage<'_>, other: &mut Worker) -> Option<String> {
    let deadline = Instant::now() + STUCK;
    loop {
        let name = stage.ask(other, Mode::Held);
        match other.answer_or_begun(&name, deadline).expect("a healthy worker") {
            Progress::Begun | Progress::Nothing => return Some(name),
            Progress::Answered(said) if meaning(&said) != Found::Nothing => return None,
            Progress::Answered(_) if Instant::now() >= deadline => return None,
            Progress::Answered(_) => std::thread::sleep(PAUSE),
        }
    }
}

/// A caller that is not answered is found by the checker.
fn goes_on(victim: &mut Worker) {
    victim.wake();
    victim.tell(&Order::Go);
    // Its handler may have been on the way to the hands of an operator; it is let go before anything is settled.
    let _ = victim.answers_all();
}

/// Settles every key of the history, as a caller and an operator would, and looks at what that left behind.
pub(crate) fn settle_all(stage: &mut Stage<'_>, worker: &mut Worker) -> Result<(), Gone> {
    for key in keys(stage) {
        stage.looks(worker, &key)?;
        settle(stage, worker, &key)?;
        ask_one(stage, worker, &key, SAY_ELSE)?;
        ask_one(stage, worker, &key, SAY)?;
    }
    let (key, foreign) = (stage.key(), stage.key_of_another());
    ask_one(stage, worker, &foreign, SAY)?;
    ask_one(stage, worker, &key, SAY)?;
    for key in keys(stage) {
        stage.looks(worker, &key)?;
        if stage.kind.effects == Effects::Coupled {
            let runs = stage.site.ledger(&key);
            stage.history.append(&Event::Ledger { key, runs });
        }
    }
    Ok(())
}

fn settle(stage: &mut Stage<'_>, worker: &mut Worker, key: &str) -> Result<(), Gone> {
    let deadline = Instant::now() + LONG;
    while Instant::now() < deadline {
        match ask_until(stage, worker, key, LONG) {
            Found::Done => return Ok(()),
            Found::Unknown => {
                ask_one(stage, worker, key, SAY)?;
                stage.looks(worker, key)?;
                let happened = stage.site.happened(&stage.history.read(), key);
                stage.gives_verdict(worker, key, happened)?;
            }
            Found::Nothing => {}
        }
    }
    // It does not end: the checker says so.
    Ok(())
}

fn ask_one(stage: &mut Stage<'_>, worker: &mut Worker, key: &str, say: &str) -> Result<(), Gone> {
    let call = stage.call(key, say, Mode::Pay, Caller::Waits);
    let name = call.call.clone();
    worker.tell(&Order::Call(call));
    worker.answer(&name).map(drop)
}

/// The keys of the history that a call has used.
fn keys(stage: &Stage<'_>) -> Vec<String> {
    let mut keys: Vec<_> = stage
        .history
        .read()
        .into_iter()
        .filter_map(|event| match event {
            Event::Invoked { call, .. } => Some(call.key),
            _ => None,
        })
        .collect();
    keys.sort();
    keys.dedup();
    keys
}
