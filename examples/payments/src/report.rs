//! The table in the end, and the verdict.

use std::fmt;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, Table};

use crate::plan::Mode;
use crate::run::Tally;

/// Both runs, side by side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    pub(crate) callers: usize,
    pub(crate) seed: u64,
    pub(crate) without: Tally,
    pub(crate) with: Tally,
}

/// Whether idem kept its promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Kept,
    Broken,
}

impl Report {
    pub(crate) fn verdict(&self) -> Verdict {
        let found = self.with.findings;
        match (found.charged_twice, found.never_charged, found.told_untrue, found.stuck) {
            (0, 0, 0, 0) => Verdict::Kept,
            _ => Verdict::Broken,
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED).set_header([
            "",
            Mode::WithoutIdem.name(),
            Mode::WithIdem.name(),
        ]);
        for (label, count) in ROWS {
            let number = |tally| Cell::new(count(tally)).set_alignment(CellAlignment::Right);
            table.add_row([Cell::new(label), number(&self.without), number(&self.with)]);
        }
        table
    }
}

type Row = (&'static str, fn(&Tally) -> u64);

const ROWS: [Row; 17] = [
    ("payments wanted", |tally| tally.payments),
    ("times a caller hung up", |tally| tally.hang_ups),
    ("requests sent", |tally| tally.traffic.requests),
    ("  lost on the way", |tally| tally.traffic.requests_lost),
    ("  reply lost", |tally| tally.traffic.replies_lost),
    ("  reply broken off", |tally| tally.traffic.resets),
    ("  arrived twice", |tally| tally.traffic.duplicates),
    ("  held up", |tally| tally.traffic.delays),
    ("handler runs", |tally| tally.runs),
    ("  charged", |tally| tally.findings.charges),
    ("  declined", |tally| tally.findings.declines),
    ("  bank busy, nothing charged", |tally| tally.findings.busy),
    ("payments charged twice or more", |tally| tally.findings.charged_twice),
    ("payments never charged", |tally| tally.findings.never_charged),
    ("callers told something untrue", |tally| tally.findings.told_untrue),
    ("payments stuck, outcome not known", |tally| tally.findings.stuck),
    ("milliseconds taken", |tally| u64::try_from(tally.took.as_millis()).unwrap_or(u64::MAX)),
];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { callers, seed, with, without } = self;
        writeln!(f, "{} payments by {callers} callers over a faulty network, seed {seed}", with.payments)?;
        writeln!(f, "{}", self.table())?;
        match self.verdict() {
            Verdict::Kept => write!(
                f,
                "With idem each payment was charged once or declined, every caller was told the truth, and none was \
                 left without an answer; without, {} payments were charged twice or more.",
                without.findings.charged_twice
            ),
            Verdict::Broken => {
                let found = with.findings;
                write!(
                    f,
                    "THE PROMISE IS BROKEN: with idem {} payments were charged twice or more, {} never, \
                     {} callers were told something untrue, and {} never learned what happened.",
                    found.charged_twice, found.never_charged, found.told_untrue, found.stuck
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Findings;

    fn report(with: Findings) -> Report {
        let tally = |findings| Tally { payments: 10, runs: 12, findings, ..Tally::default() };
        let without = Findings { charged_twice: 3, ..Findings::default() };
        Report { callers: 2, seed: 7, without: tally(without), with: tally(with) }
    }

    #[test]
    fn only_zeros_keep_the_promise() {
        assert_eq!(report(Findings::default()).verdict(), Verdict::Kept);
        let clean = Findings { charges: 9, declines: 1, busy: 2, ..Findings::default() };
        assert_eq!(report(clean).verdict(), Verdict::Kept);
        for broken in [
            Findings { charged_twice: 1, ..clean },
            Findings { never_charged: 1, ..clean },
            Findings { told_untrue: 1, ..clean },
            Findings { stuck: 1, ..clean },
        ] {
            assert_eq!(report(broken).verdict(), Verdict::Broken);
            assert!(report(broken).to_string().contains("BROKEN"));
        }
    }

    #[test]
    fn both_runs_stand_side_by_side() {
        let text = report(Findings::default()).to_string();
        let row = text.lines().find(|line| line.contains("charged twice")).unwrap();
        let cells: Vec<_> = row.split(['│', '┆']).map(str::trim).collect();
        assert_eq!(cells, ["", "payments charged twice or more", "3", "0", ""]);
    }
}
