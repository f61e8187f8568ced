//! The suite bites: a store with any one flaw fails it, and every case fails for some flaw.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic;
use std::sync::{Arc, Once};
use std::time::Duration;

use super::super::run::survey_where;
use super::super::{Backend, Histories, ManualClock, Report, Shared};
use super::flaw::Flaw;
use super::flawed::Flawed;
use idem_core::clock::{Clock, Timestamp};

const HISTORIES: Histories = Histories { seed: 1, count: Some(25), steps: 40 };

/// Which cases catch which flaw.
#[derive(Default)]
struct Catches {
    by_case: BTreeMap<&'static str, Vec<Flaw>>,
    by_flaw: Vec<(Flaw, BTreeSet<&'static str>)>,
}

impl Catches {
    fn note(&mut self, flaw: Flaw, report: &Report) {
        for case in report.cases() {
            self.by_case.entry(case).or_default();
        }
        for (case, _) in report.failures() {
            self.by_case.entry(case).or_default().push(flaw);
        }
        let failed = report.failures().map(|(case, _)| case);
        match self.by_flaw.last_mut() {
            Some((last, cases)) if *last == flaw => cases.extend(failed),
            _ => self.by_flaw.push((flaw, failed.collect())),
        }
    }

    /// The flaws that no case catches, random histories aside.
    fn survivors(&self) -> Vec<Flaw> {
        let named = |case: &&str| !case.starts_with("histories::");
        let survives = |(_, cases): &&(Flaw, BTreeSet<_>)| !cases.iter().any(named);
        self.by_flaw.iter().filter(survives).map(|(flaw, _)| *flaw).collect()
    }

    fn toothless_cases(&self) -> Vec<&'static str> {
        self.by_case.iter().filter(|(_, flaws)| flaws.is_empty()).map(|(case, _)| *case).collect()
    }
}

impl fmt::Display for Catches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.by_flaw.iter().try_for_each(|(flaw, cases)| writeln!(f, "{flaw:?}: {cases:?}"))
    }
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Thousands of failures are expected on this thread: prints none of them, and goes through no backtrace.
fn expect_failures() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
    QUIET.set(true);
}

/// With `--nocapture` it prints the table.
#[test]
fn every_flaw_is_caught_and_every_case_catches_one() {
    expect_failures();
    let mut catches = Catches::default();
    for flaw in Flaw::ALL.iter().copied() {
        // The races take a while, and see nothing that the other cases do not, except races: these need some luck.
        for _ in 0..if flaw.is_a_race() { 3 } else { 1 } {
            let relevant = |case: &str| case.contains("races::") == flaw.is_a_race();
            catches.note(
                flaw,
                &match flaw {
                    Flaw::KeepsRecordsPerHandle => survey_where(async || Apart::new(), HISTORIES, relevant),
                    _ => survey_where(
                        async || Shared::new(|clock| Flawed::new(flaw, clock)),
                        HISTORIES,
                        relevant,
                    ),
                },
            );
        }
    }
    println!("{catches}");
    assert_eq!(catches.survivors(), [], "each of these flaws makes some case fail\n{catches}");
    assert!(
        catches.toothless_cases().is_empty(),
        "no flaw makes these fail: {:?}",
        catches.toothless_cases()
    );
}

/// Each handle has records of its own.
struct Apart(ManualClock);

impl Apart {
    fn new() -> Self {
        Self(ManualClock::new(Timestamp::from_micros(1 << 50)))
    }
}

impl Backend for Apart {
    type Store = Flawed;

    async fn open(&self) -> Flawed {
        Flawed::new(Flaw::KeepsRecordsPerHandle, Arc::new(self.0.clone()))
    }

    async fn advance(&self, span: Duration) {
        self.0.advance(span);
    }

    fn now(&self) -> Option<Timestamp> {
        Some(self.0.now())
    }
}
