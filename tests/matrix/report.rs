//! What it all came to.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;

use idem_core::fault;

use crate::cell::{Blow, Cell, Outcome};
use crate::kinds::KINDS;
use crate::pass::Passed;
use crate::plan::Plan;
use crate::site::StoreKind;

#[derive(Debug, Default)]
pub(crate) struct Report {
    histories: usize,
    struck: BTreeSet<(&'static str, StoreKind, &'static str)>,
    not_reached: Vec<String>,
    /// The kinds that could not be looked at in every scenario, for want of a server.
    partly: BTreeSet<&'static str>,
    /// One for each history with a violation, and all of it.
    failures: Vec<String>,
}

impl Report {
    pub(crate) fn add(&mut self, cell: &Cell, outcome: Outcome) {
        match outcome {
            Outcome::NoServer if cell.blow == Blow::Nothing => drop(self.partly.insert(cell.kind.name)),
            Outcome::NoServer => {}
            Outcome::NotReached => self.not_reached.push(cell.to_string()),
            Outcome::Checked { .. } => {
                self.histories += 1;
                if cell.blow != Blow::Nothing {
                    self.struck.insert((cell.kind.name, cell.store, cell.point));
                }
            }
            Outcome::Failed { why, history } => {
                self.histories += 1;
                self.failures.push(format!("{cell}\n  {}\n{history}", why.join("\n  ")));
            }
        }
    }

    /// Says what was done, and fails if a history breaks an invariant or a point was not struck at.
    pub(crate) fn conclude(mut self, plan: Plan, passed: &Passed) {
        let count = |of: &dyn Fn(&(&'static str, StoreKind, &'static str)) -> String| {
            self.struck.iter().map(of).collect::<BTreeSet<_>>().len()
        };
        let mut text = format!(
            "crash matrix ({plan:?}): {} points x {} kinds x {} stores in {} cells, {} histories checked, {} violations\n",
            count(&|(_, _, point)| (*point).to_owned()),
            count(&|(kind, ..)| (*kind).to_owned()),
            count(&|(_, store, _)| store.name().to_owned()),
            self.struck.len(),
            self.histories,
            self.failures.len(),
        );
        for kind in KINDS.iter().filter(|kind| Plan::includes(kind)) {
            let reached = |point: &&str| passed.contains_key(&(kind.name, *point));
            let never: Vec<&str> = fault::ALL.iter().copied().filter(|point| !reached(point)).collect();
            let _ = writeln!(text, "  {} never passes {}", kind.name, grouped(&never));
            let whole = !self.partly.contains(kind.name);
            let missed = never.iter().filter(|point| whole && kind.passes(point));
            self.not_reached.extend(missed.map(|point| format!("{} at {point}, in any scenario", kind.name)));
            let unforeseen = fault::ALL.iter().filter(|point| reached(point) && !kind.passes(point));
            self.failures.extend(unforeseen.map(|point| {
                format!("{} passes {point}, and its row in `kinds` says that it never does", kind.name)
            }));
        }
        for cell in &self.not_reached {
            let _ = writeln!(text, "  not reached: {cell}");
        }
        // Not `eprint!`: that the runner captures.
        drop(std::io::stderr().write_all(format!("\n{text}").as_bytes()));
        assert!(self.failures.is_empty(), "{text}\n{}", self.failures.join("\n"));
        // With every scenario tried, some pass a point of the background only sometimes.
        assert!(self.not_reached.is_empty() || plan == Plan::Exhaustive, "{text}");
    }
}

/// `a.b.before, a.b.after` as `a.* (2)`.
fn grouped(points: &[&str]) -> String {
    let mut groups: Vec<(&str, usize)> = Vec::new();
    for point in points {
        let group = point.split('.').next().unwrap_or(point);
        match groups.last_mut() {
            Some((last, count)) if *last == group => *count += 1,
            _ => groups.push((group, 1)),
        }
    }
    groups.iter().map(|(group, count)| format!("{group}.* ({count})")).collect::<Vec<_>>().join(", ")
}
