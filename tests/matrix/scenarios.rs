//! What is going on when a fault strikes. Which points a scenario passes is found out by running it without a fault.

use std::time::Duration;

use idem_core::fault::points;
use idem_testing::proxy::Fault;
use idem_tests::matrix::{Caller, Mode, Order};

use crate::checker::Effects;
use crate::kinds::{EVERY, Form, Kind, SERVERS};
use crate::recovery::{self, Found};
use crate::site::StoreKind;
use crate::stage::{LEASE, Left, SAY, Stage};
use crate::worker::{Gone, Worker};

pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) applies: fn(&Kind) -> bool,
    pub(crate) stores: &'static [StoreKind],
    /// Whether the victim's way to its database can break.
    pub(crate) breaks: bool,
    /// How often the victim sweeps.
    pub(crate) sweep: Option<Duration>,
    /// Whether the victim has a verify hook.
    pub(crate) verifies: bool,
    /// What has happened before the victim starts.
    pub(crate) before: fn(&mut Stage<'_>),
    /// What the victim does, until it is gone.
    pub(crate) drive: fn(&mut Stage<'_>, &mut Worker) -> Result<(), Gone>,
}

const USUAL: Scenario = Scenario {
    name: "",
    applies: |_| true,
    stores: EVERY,
    breaks: false,
    sweep: None,
    verifies: false,
    before: |_| {},
    drive: |_, _| Ok(()),
};

/// Of a record that outlives the transaction of its claim. One that does not is nowhere if its owner is gone: no lease,
/// nothing to renew, to take back, to take over or to sweep up.
const fn outlives(kind: &Kind) -> bool {
    !is_coupled(kind)
}

const fn is_coupled(kind: &Kind) -> bool {
    matches!(kind.effects, Effects::Coupled)
}

/// In the order in which they are preferred for a point that several of them pass.
pub(crate) static SCENARIOS: [Scenario; 26] = [
    Scenario { name: "a long run", applies: outlives, drive: long_run, ..USUAL },
    Scenario { name: "pay", drive: |stage, victim| stage.asks(victim, Mode::Pay), ..USUAL },
    Scenario { name: "try again", drive: |stage, victim| stage.asks(victim, Mode::Refuse), ..USUAL },
    Scenario {
        name: "a COMMIT whose answer is lost",
        applies: is_coupled,
        stores: SERVERS,
        breaks: true,
        drive: |stage, victim| commit_meets(stage, victim, Fault::SwallowReply),
        ..USUAL
    },
    Scenario {
        name: "a COMMIT that does not arrive",
        applies: is_coupled,
        stores: SERVERS,
        breaks: true,
        drive: |stage, victim| commit_meets(stage, victim, Fault::CutBefore),
        ..USUAL
    },
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
        // An axum handler goes on when its caller leaves.
        applies: |kind| kind.form == Form::Plain && outlives(kind),
        drive: |stage, victim| {
            let point = points::ENGINE_BACKGROUND_AFTER;
            stage.leaves(victim, Mode::Held, Caller::LeavesInHandler, point).map(drop)
        },
        ..USUAL
    },
    Scenario {
        name: "dropped in its transaction",
        applies: |kind| kind.form == Form::Plain && is_coupled(kind),
        drive: dropped_in_its_transaction,
        ..USUAL
    },
    Scenario {
        name: "standing still in its transaction",
        applies: is_coupled,
        drive: stands_still_in_its_transaction,
        ..USUAL
    },
    Scenario { name: "shut down at the claim", applies: outlives, drive: shut_down_at_the_claim, ..USUAL },
    Scenario {
        name: "a caller that leaves at the claim",
        applies: outlives,
        drive: |stage, victim| {
            let point = points::UNCLAIMED_FOLLOW_AFTER;
            if stage.leaves(victim, Mode::Pay, Caller::LeavesAtClaim, point)? == Left::Before {
                victim.passes(points::UNCLAIMED_RELEASE_AFTER)?;
            }
            Ok(())
        },
        ..USUAL
    },
    Scenario {
        name: "a claim without a caller that is released late",
        applies: |kind| kind.effects == Effects::AtMostOnce,
        drive: released_late,
        ..USUAL
    },
    Scenario {
        name: "a claim that is sent late",
        applies: outlives,
        before: |stage| healthy(stage, |stage, worker| stage.asks(worker, Mode::Doubtful)),
        drive: claims_late,
        ..USUAL
    },
    Scenario { name: "drained", drive: drained, ..USUAL },
    Scenario { name: "lost while it stood still", applies: outlives, drive: lost, ..USUAL },
    Scenario {
        name: "sweeping up",
        applies: outlives,
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
        name: "sweeping up after a transaction",
        applies: is_coupled,
        sweep: Some(Duration::from_millis(100)),
        before: |stage| {
            // Rolled back, and claimed anew to mark the record as unknown.
            let mut dies = stage.doomed(points::ENGINE_UNKNOWN_BEFORE);
            assert_eq!(stage.asks(&mut dies, Mode::Ambiguous), Err(Gone::Dead));
        },
        drive: sweeping_up,
        ..USUAL
    },
    Scenario {
        name: "a caller that leaves while the outcome is unknown",
        // An axum handler ends although its caller has left.
        applies: |kind| kind.form == Form::Plain && is_coupled(kind),
        drive: |stage, victim| {
            let point = points::ENGINE_UNKNOWN_AFTER;
            stage.leaves(victim, Mode::Ambiguous, Caller::LeavesAtClaim, point).map(drop)
        },
        ..USUAL
    },
    Scenario {
        name: "verdicts",
        before: |stage| healthy(stage, |stage, worker| stage.asks(worker, Mode::Doubtful)),
        drive: verdicts,
        ..USUAL
    },
    Scenario {
        name: "retried by an operator",
        before: |stage| healthy(stage, |stage, worker| stage.asks(worker, Mode::Doubtful)),
        drive: |stage, victim| stage.retries(victim),
        ..USUAL
    },
    Scenario {
        name: "a hook that the next attempt asks",
        // The call of a coupled handler does not ask.
        applies: outlives,
        verifies: true,
        before: |stage| healthy(stage, |stage, worker| stage.asks(worker, Mode::Doubtful)),
        drive: |stage, victim| stage.asks(victim, Mode::Pay),
        ..USUAL
    },
    Scenario {
        name: "a hook that is asked after a sweep",
        sweep: Some(Duration::from_millis(100)),
        verifies: true,
        before: |stage| healthy(stage, |stage, worker| stage.asks(worker, Mode::Ambiguous)),
        drive: verified,
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

/// The claim is won, its caller is gone, and before the claim is released its lease ends.
fn released_late(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    victim.does(&Order::Hold { point: points::UNCLAIMED_RELEASE_BEFORE.to_owned() })?;
    let point = points::UNCLAIMED_RELEASE_BEFORE;
    if stage.leaves(victim, Mode::Pay, Caller::LeavesAtClaim, point)? == Left::After {
        return victim.does(&Order::Unhold);
    }
    let mut other = stage.healthy();
    recovery::asks_until_it_ends(stage, &mut other);
    victim.does(&Order::Unhold)?;
    victim.passes(points::UNCLAIMED_RELEASE_AFTER)
}

/// The key is unknown. A claim that reaches the store after its own lease would be over looks whether it was its own.
fn claims_late(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    victim.does(&Order::Hold { point: points::ENGINE_CLAIM_BEFORE.to_owned() })?;
    let call = stage.ask(victim, Mode::Pay);
    victim.passes(points::ENGINE_CLAIM_BEFORE)?;
    std::thread::sleep(LEASE + Duration::from_millis(100));
    victim.does(&Order::Unhold)?;
    victim.answer(&call).map(drop)
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

/// The way to the database breaks with the COMMIT on it.
fn commit_meets(stage: &mut Stage<'_>, victim: &mut Worker, fault: Fault) -> Result<(), Gone> {
    victim.does(&Order::Hold { point: points::TX_COMMIT_BEFORE.to_owned() })?;
    let call = stage.ask(victim, Mode::Pay);
    victim.passes(points::TX_COMMIT_BEFORE)?;
    // Its first sweep goes the same way.
    victim.passes(points::KEEPER_REAP_AFTER)?;
    if let Some(proxy) = &stage.proxy {
        proxy.on_next(fault);
    }
    victim.does(&Order::Unhold)?;
    victim.answer(&call).map(drop)
}

/// The caller leaves. The handler's effect is rolled back, and the key is free at once.
fn dropped_in_its_transaction(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    let call = stage.call(&stage.key(), SAY, Mode::Held, Caller::LeavesInHandler);
    victim.does(&Order::Call(call))?;
    stage.asks(victim, Mode::Pay)
}

/// A worker that holds a transaction open keeps the key, however long: no other attempt takes it over.
fn stands_still_in_its_transaction(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    let call = stage.ask(victim, Mode::Held);
    victim.begins(&call)?;
    victim.freeze();
    let mut other = stage.healthy();
    recovery::asks_until_it_ends(stage, &mut other);
    victim.wake();
    victim.tell(&Order::Go);
    victim.answer(&call)?;
    // It may still wait for its turn.
    other.answers_all().map(drop)
}

/// A call under another key starts the keeper.
fn starts_the_keeper(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    let call = stage.call(&stage.other_key(), SAY, Mode::Pay, Caller::Waits);
    victim.tell(&Order::Call(call.clone()));
    victim.answer(&call.call).map(drop)
}

/// The key's owner has died, and the keeper finds the record.
fn sweeping_up(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    starts_the_keeper(stage, victim)?;
    victim.passes(points::KEEPER_SWEPT)?;
    if stage.kind.passes(points::KEEPER_COUNT_AFTER) {
        victim.passes(points::KEEPER_COUNT_AFTER)?;
    }
    Ok(())
}

/// The outcome is unknown, and the keeper asks the hook.
fn verified(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    starts_the_keeper(stage, victim)?;
    victim.passes(points::VERIFY_SETTLE_AFTER)
}

/// The outcome is unknown; an operator says that nothing happened, and the same again by dropping the record.
fn verdicts(stage: &mut Stage<'_>, victim: &mut Worker) -> Result<(), Gone> {
    stage.gives_verdict(victim, &stage.key(), false)?;
    stage.forgets(victim)
}
