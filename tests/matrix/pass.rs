//! Many histories, side by side.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use idem_core::fault;

use crate::cell::{Blow, Cell, Outcome};
use crate::checker::Effects;
use crate::kinds::{KINDS, Kind};
use crate::plan::{Plan, lanes};
use crate::recovery::Wakes;
use crate::report::Report;
use crate::scenarios::{SCENARIOS, Scenario};
use crate::site::{Site, StoreKind};

/// Which scenarios of a kind pass a point, the preferred one first.
pub(crate) type Passed = BTreeMap<(&'static str, &'static str), Vec<&'static Scenario>>;

/// Numbers the histories.
static NEXT: AtomicUsize = AtomicUsize::new(1);

/// Runs every scenario of every kind without a fault, and finds out which points it passes.
pub(crate) fn survey(report: &mut Report) -> Passed {
    let mut passed = Passed::new();
    // What happens in the background on a busy machine may take more than one look.
    for _ in 0..3 {
        let seen = |kind: &Kind| {
            fault::ALL.iter().all(|point| !kind.passes(point) || passed.contains_key(&(kind.name, *point)))
        };
        let mut cells = Vec::new();
        for kind in KINDS.iter().filter(|kind| Plan::includes(kind) && !seen(kind)) {
            for scenario in SCENARIOS.iter().filter(|scenario| (scenario.applies)(kind)) {
                for store in stores_to_survey(scenario) {
                    let cell = Cell { number: 0, store, kind, scenario, point: "none", blow: Blow::Nothing };
                    if Plan::chooses(store) || store == StoreKind::Sqlite {
                        cells.push(vec![cell]);
                    } else {
                        report.add(&cell, Outcome::NoServer);
                    }
                }
            }
        }
        for (cell, outcome) in side_by_side(cells) {
            if let Outcome::Checked { passed: points } = &outcome {
                for &point in fault::ALL.iter().filter(|point| points.contains(**point)) {
                    passed.entry((cell.kind.name, point)).or_default().push(cell.scenario);
                }
            }
            report.add(&cell, outcome);
        }
    }
    for scenarios in passed.values_mut() {
        scenarios.sort_by_key(|scenario| SCENARIOS.iter().position(|one| one.name == scenario.name));
        scenarios.dedup_by_key(|scenario| scenario.name);
    }
    passed
}

/// SQLite passes what the others pass, wherever a scenario is possible there.
fn stores_to_survey(scenario: &Scenario) -> Vec<StoreKind> {
    match scenario.stores {
        stores if stores.contains(&StoreKind::Sqlite) => vec![StoreKind::Sqlite],
        stores => stores.to_vec(),
    }
}

/// Strikes at every point of the plan.
pub(crate) fn run(plan: Plan, passed: &Passed, report: &mut Report) {
    let mut cells = Vec::new();
    for kind in KINDS.iter().filter(|kind| Plan::includes(kind)) {
        let mut blows = vec![Blow::Kill, Blow::Freeze(Wakes::Late)];
        // Where no claim is taken over, the other worker runs meanwhile only if the victim had not claimed yet.
        if kind.effects != Effects::AtMostOnce || plan != Plan::Bounded {
            blows.push(Blow::Freeze(Wakes::Early));
        }
        for &store in kind.stores {
            for &point in fault::ALL.iter().filter(|point| plan.has(store, point)) {
                let scenarios: Vec<&Scenario> =
                    passed.get(&(kind.name, point)).into_iter().flatten().copied().collect();
                let possible = scenarios.into_iter().filter(|scenario| scenario.stores.contains(&store));
                let scenarios: Vec<&Scenario> = possible.collect();
                if scenarios.is_empty() {
                    continue;
                }
                for &blow in &blows {
                    let cell = |&scenario| Cell { number: 0, store, kind, scenario, point, blow };
                    let alternatives = scenarios.iter().map(cell);
                    match plan {
                        Plan::Exhaustive => cells.extend(alternatives.map(|cell| vec![cell])),
                        Plan::Bounded | Plan::Full => cells.push(alternatives.collect()),
                    }
                }
            }
        }
    }
    for (cell, outcome) in side_by_side(cells) {
        report.add(&cell, outcome);
    }
}

/// Of each group the first that reaches its point.
fn side_by_side(groups: Vec<Vec<Cell>>) -> Vec<(Cell, Outcome)> {
    let (queue, made) = (Mutex::new(groups.into_iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..lanes() {
            scope.spawn(|| {
                let mut sites = BTreeMap::new();
                loop {
                    let Some(group) = queue.lock().expect("no thread panics while it holds the lock").next()
                    else {
                        return;
                    };
                    if let Some(outcome) = one_of(&group, &mut sites) {
                        made.lock().expect("no thread panics while it holds the lock").push(outcome);
                    }
                }
            });
        }
    });
    made.into_inner().expect("no thread panics while it holds the lock")
}

/// `None` of nothing.
fn one_of(group: &[Cell], sites: &mut BTreeMap<StoreKind, Option<Site>>) -> Option<(Cell, Outcome)> {
    let mut last = None;
    // What happens in the background may come to nothing now and then.
    for cell in group.iter().cycle().take(group.len() * 3) {
        let Some(site) = sites.entry(cell.store).or_insert_with(|| Site::open(cell.store)) else {
            return Some((*cell, Outcome::NoServer));
        };
        let cell = Cell { number: NEXT.fetch_add(1, Ordering::Relaxed), ..*cell };
        let outcome = cell.run(site);
        let reached = !matches!(outcome, Outcome::NotReached);
        last = Some((cell, outcome));
        if reached {
            break;
        }
    }
    last
}
