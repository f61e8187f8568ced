//! The crash matrix: at every fault point, for every kind of handler, on real stores, a process dies or stands still,
//! others go on, and what all of them saw is held against the invariants.
//!
//! `IDEM_MATRIX=full` runs everything; see the README beside this crate's manifest.

mod cell;
mod checker;
mod history;
mod kinds;
mod pass;
mod plan;
mod recovery;
mod report;
mod scenarios;
mod site;
mod stage;
mod worker;

use crate::plan::Plan;
use crate::report::Report;

#[test]
fn a_process_that_dies_or_stands_still_leaves_one_effect_and_one_answer_for_every_key() {
    let plan = Plan::from_environment();
    let mut report = Report::default();
    let passed = pass::survey(&mut report);
    pass::run(plan, &passed, &mut report);
    report.conclude(plan, &passed);
}
