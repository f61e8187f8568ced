//! Every operation with what is expected of it and what was found.

use std::fmt::{self, Debug};

use comfy_table::presets::UTF8_FULL_CONDENSED;
use idem_testing::idempotence;
use idem_testing::idempotent::NotIdempotent;

use crate::warehouse::Warehouse;
use crate::{balance, delivery, stock, version};

/// How the database looks after a phase, held against that after one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finding {
    Same,
    Differs,
    /// Even one run did nothing.
    NoEffect,
}

use Finding::{Differs, NoEffect, Same};

/// Twice, concurrently, and again after a crash.
type Findings = [Finding; 3];

const SAFE: Findings = [Same; 3];

#[derive(Debug)]
struct Row {
    operation: &'static str,
    expected: Findings,
    found: Findings,
    /// The first difference.
    why: Option<NotIdempotent>,
}

#[derive(Debug)]
pub(crate) struct Table(Vec<Row>);

impl Table {
    /// Checks every operation.
    pub(crate) fn of_all() -> Self {
        Self(vec![
            row("set the stock", SAFE, async |w| stock::set(&w.db, "nuts", 7).await),
            row("  add to the stock", [Differs; 3], async |w| stock::add(&w.db, "nuts", 7).await),
            row("correct version 1", SAFE, async |w| version::correct(&w.db, "nuts", 1, 7).await),
            row("  look at the version, then correct", [Same, Differs, Same], async |w| {
                version::look_then_correct(&w.db, "nuts", 1, 7).await
            }),
            row("insert under a primary key", SAFE, async |w| delivery::insert(&w.db, 17, "nuts").await),
            row("  look, then insert", [Same, Differs, Same], async |w| {
                delivery::look_then_insert(&w.db, 17, "nuts").await
            }),
            row("  look without a WHERE, then insert", [NoEffect; 3], async |w| {
                delivery::look_anywhere_then_insert(&w.db, 17, "nuts").await
            }),
            row("credit and mark in one transaction", SAFE, async |w| {
                balance::credit(&w.db, 17, "ada", 40).await
            }),
            row("  credit without a mark", [Differs; 3], async |w| {
                balance::credit_unmarked(&w.db, "ada", 40).await
            }),
            row("  mark, then credit", [Same, Same, Differs], async |w| {
                balance::mark_then_credit(&w.db, 17, "ada", 40).await
            }),
        ])
    }

    /// Whether the safe ones are safe and the others were caught, each where it should be.
    pub(crate) fn is_as_expected(&self) -> bool {
        self.0.iter().all(Row::is_as_expected)
    }
}

fn row<T: Debug + Send>(
    operation: &'static str,
    expected: Findings,
    run: impl AsyncFn(&Warehouse) -> sqlx::Result<T> + Sync,
) -> Row {
    let check = idempotence(Warehouse::open, run, Warehouse::rows);
    let phases = [check.repeated(), check.concurrent().map(drop), check.after_crash().map(drop)];
    let found = phases.each_ref().map(|phase| match phase {
        Ok(()) => Same,
        Err(NotIdempotent::NothingObserved { .. }) => NoEffect,
        Err(_) => Differs,
    });
    Row { operation, expected, found, why: phases.into_iter().find_map(Result::err) }
}

impl Row {
    fn is_as_expected(&self) -> bool {
        self.found == self.expected
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Same => "same",
            Differs => "DIFFERS",
            NoEffect => "NO EFFECT",
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = comfy_table::Table::new();
        table.load_style(UTF8_FULL_CONDENSED);
        table.set_header(["operation", "repeated", "concurrent", "after a crash"]);
        for row in &self.0 {
            let [repeated, concurrent, crashed] = row.found.map(|finding| finding.to_string());
            table.add_row([row.operation.to_owned(), repeated, concurrent, crashed]);
        }
        write!(f, "{table}")?;
        for row in self.0.iter().filter(|row| !row.is_as_expected()) {
            let (operation, expected) = (row.operation.trim(), row.expected);
            write!(f, "\nNOT AS EXPECTED ({expected:?}): {operation}")?;
            if let Some(why) = &row.why {
                write!(f, ": {why}")?;
            }
        }
        Ok(())
    }
}
