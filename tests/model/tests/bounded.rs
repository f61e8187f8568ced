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
const IN_STATEMENTS: &[Event] = &[Event::LateOwnerIsAVerdict, Event::Disclaimed, Event::StepReused];

/// What happens only if somebody wants it to.
const BY_OTHERS: &[Event] = &[Event::Mismatch, Event::Forgotten];

/// Without another request under the same key, and without operators who drop records, there is room for more.
fn peaceful(config: &Config) -> Config {
    Config { others: 0, forget: false, ..config.clone() }
}

/// As small as it gets, twice.
fn two_scopes(config: &Config) -> Config {
    Config { keys: 2, workers: 2, calls: 2, ticks: 1, ..config.clone() }
}

#[test]
fn three_workers_and_one_key() {
    holds(&Config::plain(), 1_900_000, &[&[Event::StepReused], IN_TRANSACTIONS]);
}

#[test]
fn three_workers_and_a_step() {
    holds(&Config::steps(), 1_100_000, &[&[Event::LateOwnerIsAVerdict, Event::Disclaimed], IN_TRANSACTIONS]);
}

#[test]
fn three_workers_and_two_late_requests() {
    let config = Config { late: 2, ..peaceful(&Config::plain()) };
    holds(&config, 670_000, &[BY_OTHERS, &[Event::StepReused], IN_TRANSACTIONS]);
}

#[test]
fn two_workers_in_transactions() {
    holds(&Config::tx(), 930_000, &[IN_STATEMENTS]);
}

#[test]
fn three_workers_in_transactions() {
    let config = Config { workers: 3, late: 2, ..peaceful(&Config::tx()) };
    // Without operators, what is unknown is settled once.
    holds(&config, 600_000, &[BY_OTHERS, IN_STATEMENTS, &[Event::VerdictRefused]]);
}

#[test]
fn two_scopes_of_statements() {
    holds(&two_scopes(&Config::plain()), 750_000, &[&[Event::StepReused], IN_TRANSACTIONS]);
}

#[test]
fn two_scopes_of_transactions() {
    holds(&two_scopes(&Config::tx()), 380_000, &[IN_STATEMENTS]);
}
