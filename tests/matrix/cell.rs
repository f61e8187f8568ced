//! One history: one kind, one scenario, one fault at one point, one store.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use idem_tests::matrix::{Mode, Said};

use crate::checker::{Violation, check};
use crate::kinds::Kind;
use crate::recovery::{Wakes, settle_all, while_it_stands_still};
use crate::scenarios::Scenario;
use crate::site::{Site, StoreKind};
use crate::stage::Stage;
use crate::worker::{Gone, Worker};

/// What befalls the victim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blow {
    Nothing,
    Kill,
    Freeze(Wakes),
}

#[derive(Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) number: usize,
    pub(crate) store: StoreKind,
    pub(crate) kind: &'static Kind,
    pub(crate) scenario: &'static Scenario,
    pub(crate) point: &'static str,
    pub(crate) blow: Blow,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blow = match self.blow {
            Blow::Nothing => "nothing",
            Blow::Kill => "killed",
            Blow::Freeze(Wakes::Late) => "frozen, woken late",
            Blow::Freeze(Wakes::Early) => "frozen, woken early",
        };
        let (point, name) = (self.point, self.scenario.name);
        write!(f, "{} on {}, in {name:?}: {blow} at {point}", self.kind.name, self.store.name())
    }
}

/// What became of it.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The server of the store is missing, which was said aloud, or was not asked for.
    NoServer,
    /// The point was not reached, so it shows nothing.
    NotReached,
    /// The history was made and checked.
    Checked { passed: BTreeSet<String> },
    /// An invariant is broken, or the history could not be made.
    Failed { why: Vec<String>, history: String },
}

/// How long a point in the background may take after the last answer.
const BACKGROUND: Duration = Duration::from_secs(10);

impl Cell {
    pub(crate) fn run(&self, site: &Site) -> Outcome {
        let mut stage = Stage::new(site, self.kind, self.number);
        let made = catch_unwind(AssertUnwindSafe(|| self.make(&mut stage)));
        let history = stage.history.read();
        let why: Vec<String> = match made {
            Ok(None) => return Outcome::NotReached,
            Ok(Some(passed)) => {
                let found = check(&history, self.kind.effects);
                if found.is_empty() {
                    return Outcome::Checked { passed };
                }
                found.iter().map(Violation::to_string).collect()
            }
            Err(payload) => vec![said(&*payload)],
        };
        let text = std::fs::read_to_string(stage.history.path()).unwrap_or_default();
        Outcome::Failed { why, history: text }
    }

    /// The points that were passed; `None` if the one in question was not reached.
    fn make(&self, stage: &mut Stage<'_>) -> Option<BTreeSet<String>> {
        stage.proxy = self.scenario.breaks.then(|| stage.site.proxy());
        (self.scenario.before)(stage);
        let mut victim = stage.victim(&self.faults(), self.scenario.sweep, self.scenario.verifies);
        let mut ended = (self.scenario.drive)(stage, &mut victim);
        if ended.is_ok() {
            ended = match self.blow {
                Blow::Nothing => victim.marks(),
                Blow::Kill | Blow::Freeze(_) => victim.goes_within(BACKGROUND),
            };
        }
        let passed = victim.passed().clone();
        let mut other = stage.healthy();
        match (self.blow, ended) {
            (Blow::Nothing, Ok(())) | (Blow::Kill, Err(Gone::Dead)) => {}
            (Blow::Freeze(wakes), Err(Gone::Stalled)) => {
                while_it_stands_still(stage, &mut victim, &mut other, wakes);
            }
            (Blow::Kill | Blow::Freeze(_), Ok(())) => return None,
            (blow, ended) => panic!("{blow:?} ended as {ended:?}{}", victim.noise()),
        }
        settle_all(stage, &mut other).unwrap_or_else(|gone| panic!("{gone:?}{}", other.noise()));
        if self.blow != Blow::Kill {
            last_word(stage, &mut victim);
        }
        Some(passed)
    }

    fn faults(&self) -> String {
        match self.blow {
            Blow::Nothing => String::new(),
            Blow::Kill => format!("{}=kill", self.point),
            Blow::Freeze(_) => format!("{}=freeze", self.point),
        }
    }
}

/// The victim, if it lives, is asked once more, and gives the answer that every worker gives.
fn last_word(stage: &mut Stage<'_>, victim: &mut Worker) {
    let deadline = Instant::now() + BACKGROUND;
    loop {
        let call = stage.ask(victim, Mode::Pay);
        match victim.answer(&call) {
            // What it does in the background is not through yet.
            Ok(Said::Refused { code, .. }) if code == "request-in-progress" && Instant::now() < deadline => {}
            Ok(_) => return,
            Err(gone) => panic!("the victim is {gone:?}{}", victim.noise()),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn said(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}
