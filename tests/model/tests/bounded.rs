//! Small worlds, visited whole, keep every rule.

use idem_model::{Config, Event, check};

/// Every world of `config` keeps every rule; there are at least `states`, and everything happens in them but `unseen`.
fn holds(config: &Config, states: usize, unseen: &[&[Event]]) {
    let report = check(config);
    println!("{:?}, {} workers, {} keys: {report}", config.form, config.workers, config.keys);
    assert!(report.broken.is_empty(), "{report}");
    assert!(report.states >= states, "{} states: the model has lost some of its world", report.states);
    let missing: Vec<_> = Event::ALL.into_iter().filter(|event| !report.seen.contains(event)).collect();
    assert_eq!(missing, unseen.concat(), "what never happens");
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

#[test]
fn three_workers_and_one_key() {
    holds(&Config::plain(), 1_000_000, &[&[Event::StepReused], IN_TRANSACTIONS]);
}
