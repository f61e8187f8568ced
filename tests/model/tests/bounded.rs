//! Small worlds, visited whole, keep every rule.

use idem_model::{Config, Event, check};

/// Every world of `config` keeps every rule; there are at least `states`, and everything happens in them but `unseen`.
fn holds(config: &Config, states: usize, unseen: &[&[Event]]) {
    let report = check(config);
    println!("{:?}, {} workers, {} keys: {report}", config.form, config.workers, config.keys);
    assert!(report.broken.is_empty(), "{report}");
    assert!(report.states >= states, "{} states: the model has lost some of its world", report.states);
    let never: Vec<_> = Event::ALL.into_iter().filter(|event| !report.seen.contains(event)).collect();
    let unseen: Vec<_> = Event::ALL.into_iter().filter(|event| unseen.concat().contains(event)).collect();
    assert_eq!(never, unseen, "what never happens");
}

/// What happens to transactions alone.
const IN_TRANSACTIONS: &[Event] = &[
    Event::ToldLocked,
    Event::CommitLanded,
    Event::CommitUndone,
    Event::RollbackNoticed,
    Event::EarlyCommitNoticed,
    Event::RefusalStored,
];

/// What happens to plain operations alone.
const IN_STATEMENTS: &[Event] = &[
    Event::LateOwnerIsAVerdict,
    Event::ChangedLate,
    Event::ReleasedUnbegun,
    Event::LateReleaseIsAVerdict,
    Event::StepReused,
];

/// What happens only where an abandoned record becomes unknown.
const UNDER_UNKNOWN: &[Event] =
    &[Event::LateOwnerIsAVerdict, Event::ReleasedUnbegun, Event::LateReleaseIsAVerdict];

/// What happens only on another caller's request or an operator's order.
const BY_OTHERS: &[Event] = &[Event::Mismatch, Event::Forgotten];

/// Without another request under the same key, and without operators who drop records, there is room for more.
fn peaceful(config: &Config) -> Config {
    Config { others: 0, forget: false, ..config.clone() }
}

/// The smallest configuration, with two keys.
fn two_scopes(config: &Config) -> Config {
    Config { keys: 2, workers: 2, calls: 2, ticks: 1, ..config.clone() }
}

#[test]
fn three_workers_and_one_key() {
    holds(&Config::plain(), 1_600_000, &[&[Event::StepReused], IN_TRANSACTIONS]);
}

#[test]
fn three_workers_and_a_step() {
    holds(&Config::steps(), 950_000, &[UNDER_UNKNOWN, IN_TRANSACTIONS]);
}

#[test]
fn three_workers_and_three_late_requests() {
    let config = Config { late: 3, ..peaceful(&Config::plain()) };
    holds(&config, 800_000, &[BY_OTHERS, &[Event::StepReused], IN_TRANSACTIONS]);
}

#[test]
fn two_workers_in_transactions() {
    holds(&Config::tx(), 880_000, &[IN_STATEMENTS]);
}

#[test]
fn three_workers_in_transactions() {
    let config = Config { workers: 3, late: 2, ..peaceful(&Config::tx()) };
    // Without operators, what is unknown is settled once.
    holds(&config, 560_000, &[BY_OTHERS, IN_STATEMENTS, &[Event::VerdictRefused]]);
}

#[test]
fn two_scopes_of_statements() {
    holds(&two_scopes(&Config::plain()), 560_000, &[&[Event::StepReused], IN_TRANSACTIONS]);
}

#[test]
fn two_scopes_of_transactions() {
    holds(&two_scopes(&Config::tx()), 360_000, &[IN_STATEMENTS]);
}

/// A claim that is asked a second time beside the first holds the key for no caller, as long as its nonce is spent by
/// its release and nothing but its own life comes in between.
#[test]
fn one_claim_asked_twice() {
    let config = Config { calls: 1, late: 2, beside: true, ..peaceful(&Config::plain()) };
    let alone = [Event::TakenOver, Event::ClaimedAgain, Event::ExpiredKeyUsedAnew, Event::ChangedLate];
    holds(&config, 2_500, &[BY_OTHERS, &[Event::StepReused], IN_TRANSACTIONS, &alone]);
}
