//! What is going on when a fault strikes. Which points a scenario passes is found out by running it without a fault.

use std::time::Duration;

use idem_core::fault::points;
use idem_tests::matrix::{Caller, Mode, Order};

use crate::checker::Effects;
use crate::kinds::{Form, Kind};
use crate::recovery::{self, Found};
use crate::stage::{Left, SAY, Stage};
use crate::worker::{Gone, Worker};

pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) applies: fn(&Kind) -> bool,
    /// How often the victim sweeps.
    pub(crate) sweep: Option<Duration>,
    /// What has happened before the victim starts.
    pub(crate) before: fn(&mut Stage<'_>),
    /// What the victim does, until it is gone.
    pub(crate) drive: fn(&mut Stage<'_>, &mut Worker) -> Result<(), Gone>,
}

const USUAL: Scenario =
    Scenario { name: "", applies: |_| true, sweep: None, before: |_| {}, drive: |_, _| Ok(()) };

/// In the order in which they are preferred for a point that several of them pass.
pub(crate) static SCENARIOS: [Scenario; 16] = [
    Scenario { name: "a long run", drive: long_run, ..USUAL },
    Scenario { name: "pay", drive: |stage, victim| stage.asks(victim, Mode::Pay), ..USUAL },
    Scenario { name: "try again", drive: |stage, victim| stage.asks(victim, Mode::Refuse), ..USUAL },
    Scenario { name: "reject", drive: |stage, victim| stage.asks(victim, Mode::Reject), ..USUAL },
    Scenario { name: "ambiguous", drive: |stage, victim| stage.asks(victim, Mode::Ambiguous), ..USUAL },
    Scenario { name: "panic", drive: |stage, victim| stage.asks(victim, Mode::Panic), ..USUAL },
    Scenario {
        name: "replay",
        before: |stage| healthy(stage, |stage, worker| stage.asks(worker, Mode::Pay)),
        drive: |stage, victim| stage.asks(victim, Mode::Pay),
        ..USUAL
    },
    Scenario { name: "twins", drive: twins, ..USUAL },
    Scenario {
        name: "dropped in its handler",
        // An axum handler runs in a task of its own.
        applies: |kind| kind.form == Form::Plain,
        drive: |stage, victim| {
            let point = points::ENGINE_BACKGROUND_AFTER;
            stage.leaves(victim, Mode::Held, Caller::LeavesInHandler, point).map(drop)
        },
        ..USUAL
    },
    Scenario { name: "shut down at the claim", drive: shut_down_at_the_claim, ..USUAL },
    Scenario {
        name: "a caller that leaves at the claim",
        drive: |stage, victim| {
            let point = points::TAKE_BACK_RELEASE_AFTER;
            stage.leaves(victim, Mode::Pay, Caller::LeavesAtClaim, point).map(drop)
        },
        ..USUAL
    },
    Scenario {
        name: "a claim that is taken back late",
        applies: |kind| kind.effects == Effects::AtMostOnce,
        drive: taken_back_late,
        ..USUAL
    },
    Scenario { name: "drained", drive: drained, ..USUAL },
    Scenario { name: "lost while it stood still", drive: lost, ..USUAL },
    Scenario {
        name: "sweeping up",
        sweep: Some(Duration::from_millis(100)),
        before: |stage| {
            let mut dies = stage.healthy();
            let call = stage.ask(&mut dies, Mode::Held);
            dies.begins(&call).expect("a healthy worker");
            dies.kill();
        },
        drive: sweeping_up,
        ..USUAL
    },
    Scenario {
        name: "verdicts",
        before: |stage| healthy(stage, |stage, worker| stage.asks(worker, Mode::Doubtful)),
        drive: verdicts,
        ..USUAL
    },
];

fn healthy(stage: &mut Stage<'_>, work: fn(&mut Stage<'_>, &mut Worker) -> Result<(), Gone>) {
    let mut worker = stage.healthy();
    work(stage, &mut worker).expect("a healthy worker");
}

fn long_run(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    let call = stage.ask(victim, Mode::Held);
    victim.passes(points::KEEPER_RENEW_AFTER)?;
    victim.passes(points::KEEPER_REAP_AFTER)?;
    victim.tell(&Order::Go);
    victim.answer(&call).map(drop)
}

fn twins(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    let first = stage.ask(victim, Mode::Held);
    victim.begins(&first)?;
    stage.asks(victim, Mode::Pay)?;
    victim.tell(&Order::Go);
    victim.answer(&first).map(drop)
}

fn shut_down_at_the_claim(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    victim.does(&Order::ShutDownAtClaim)?;
    stage.asks(victim, Mode::Pay)?;
    victim.passes(points::ENGINE_BACKGROUND_AFTER)
}

/// The claim is won, its caller is gone, and before it is given back somebody finds it abandoned.
fn taken_back_late(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    victim.does(&Order::Hold { point: points::TAKE_BACK_CLAIM_BEFORE.to_owned() })?;
    let point = points::TAKE_BACK_CLAIM_BEFORE;
    if stage.leaves(victim, Mode::Pay, Caller::LeavesAtClaim, point)? == Left::After {
        return victim.does(&Order::Unhold);
    }
    let mut other = stage.healthy();
    recovery::waits_for_the_claim(stage, &mut other);
    let found = recovery::asks_until_it_ends(stage, &mut other);
    victim.does(&Order::Unhold)?;
    if found == Found::Unknown {
        victim.passes(points::TAKE_BACK_SETTLE_AFTER)?;
    }
    victim.passes(points::TAKE_BACK_CLAIM_AFTER)
}

fn drained(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    let call = stage.ask(victim, Mode::Held);
    victim.begins(&call)?;
    victim.does(&Order::Drain)?;
    victim.tell(&Order::Go);
    victim.answer(&call).map(drop)
}

/// Overtaken while it stood still, it hears of it from its next renewal.
fn lost(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    let call = stage.ask(victim, Mode::Held);
    victim.begins(&call)?;
    // Not in the middle of its first sweep: that would keep the database locked.
    victim.passes(points::KEEPER_REAP_AFTER)?;
    victim.freeze();
    let mut other = stage.healthy();
    let found = recovery::asks_until_it_ends(stage, &mut other);
    victim.wake();
    if found != Found::Nothing {
        victim.passes(points::KEEPER_LOST_BEFORE)?;
    }
    victim.tell(&Order::Go);
    victim.answer(&call).map(drop)
}

/// The key's owner has died. Another key starts the keeper, and that finds the record.
fn sweeping_up(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    let call = stage.call(&stage.other_key(), SAY, Mode::Pay, Caller::Waits);
    victim.tell(&Order::Call(call.clone()));
    victim.answer(&call.call)?;
    victim.passes(points::KEEPER_SWEPT)?;
    if stage.kind.passes(points::KEEPER_COUNT_AFTER) {
        victim.passes(points::KEEPER_COUNT_AFTER)?;
    }
    Ok(())
}

/// Nobody knows; an operator says that nothing happened, and the same again by dropping the record.
fn verdicts(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    stage.gives_verdict(victim, &stage.key(), false)?;
    stage.forgets(victim)
}
