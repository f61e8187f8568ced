//! The table in the end, and the verdict.

use std::fmt;
use std::time::Duration;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, Table};

use crate::audit::Findings;
use crate::caller::Effort;
use crate::place::Kind;
use crate::plan::Mode;

/// What a demonstration came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    pub(crate) kind: Kind,
    pub(crate) mode: Mode,
    pub(crate) seed: u64,
    pub(crate) transfers: u64,
    pub(crate) sent_twice: u64,
    pub(crate) kills: u64,
    pub(crate) effort: Effort,
    /// How many transfers were answered with the stored answer when they were asked for once more, if they were.
    pub(crate) asked_again: Option<u64>,
    pub(crate) sum_before: i64,
    pub(crate) findings: Findings,
    /// Without the asking again.
    pub(crate) took: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Each transfer was made once or refused, every cent is where it belongs, and every caller was told the truth.
    Exact,
    Wrong,
}

impl Report {
    pub(crate) fn verdict(&self) -> Verdict {
        let replayed = self.asked_again.is_none_or(|replayed| replayed == self.transfers);
        if replayed && self.findings.are_exact(self.transfers, self.sum_before) {
            Verdict::Exact
        } else {
            Verdict::Wrong
        }
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let found = &self.findings;
        vec![
            ("transfers wanted", self.transfers.to_string()),
            ("  sent twice at once", self.sent_twice.to_string()),
            ("servers killed", self.kills.to_string()),
            ("requests sent again", self.effort.retries.to_string()),
            ("  answered with the stored answer", self.effort.replays.to_string()),
            ("told: made", found.told_made.to_string()),
            ("told: refused, funds short", found.told_refused.to_string()),
            ("not answered for good", found.open.to_string()),
            (
                "asked once more, same answer stored",
                self.asked_again.map_or_else(|| "-".to_owned(), |replayed| replayed.to_string()),
            ),
            ("all money before", cents(self.sum_before)),
            ("all money after", cents(found.sum)),
            ("rows of the ledger", found.rows.to_string()),
            ("transfers made twice or more", found.made_twice.to_string()),
            ("told made, not in the ledger", found.missing.to_string()),
            ("balances the ledger does not give", found.wrong_balances.to_string()),
            ("two different answers", found.two_answers.to_string()),
            ("callers told something untrue", found.told_untrue.to_string()),
            ("milliseconds taken", self.took.as_millis().to_string()),
        ]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = match self.mode {
            Mode::WithIdem => "with idem",
            Mode::WithoutIdem => "without idem",
        };
        writeln!(f, "Transfers {mode} by two servers on {}, seed {}", self.kind, self.seed)?;
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED);
        for (label, value) in self.rows() {
            table.add_row([Cell::new(label), Cell::new(value).set_alignment(CellAlignment::Right)]);
        }
        writeln!(f, "{table}")?;
        match self.verdict() {
            Verdict::Exact => write!(
                f,
                "Each transfer was made once or refused, every cent is where it belongs, and every caller was told \
                 the truth."
            ),
            Verdict::Wrong => write!(
                f,
                "NOT EXACT: {} transfers were made twice or more, {} are missing, {} were not answered, and {} callers \
                 were told something untrue.",
                self.findings.made_twice,
                self.findings.missing,
                self.findings.open,
                self.findings.told_untrue
            ),
        }
    }
}

fn cents(sum: i64) -> String {
    format!("{}.{:02}", sum / 100, sum % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(findings: Findings, asked_again: Option<u64>) -> Report {
        Report {
            kind: Kind::Sqlite,
            mode: Mode::WithIdem,
            seed: 7,
            transfers: 10,
            sent_twice: 1,
            kills: 2,
            effort: Effort::default(),
            asked_again,
            sum_before: 500_000,
            findings,
            took: Duration::ZERO,
        }
    }

    #[test]
    fn only_exactness_is_exact() {
        let exact = Findings { told_made: 9, told_refused: 1, rows: 9, sum: 500_000, ..Findings::default() };
        assert_eq!(report(exact, Some(10)).verdict(), Verdict::Exact);
        assert_eq!(report(exact, None).verdict(), Verdict::Exact);
        assert_eq!(report(exact, Some(9)).verdict(), Verdict::Wrong, "one ran again");
        for wrong in [
            Findings { told_made: 8, ..exact },
            Findings { rows: 10, ..exact },
            Findings { sum: 499_999, ..exact },
            Findings { open: 1, ..exact },
            Findings { made_twice: 1, ..exact },
            Findings { missing: 1, ..exact },
            Findings { told_untrue: 1, ..exact },
            Findings { two_answers: 1, ..exact },
            Findings { wrong_balances: 1, ..exact },
        ] {
            assert_eq!(report(wrong, Some(10)).verdict(), Verdict::Wrong, "{wrong:?}");
            assert!(report(wrong, Some(10)).to_string().contains("NOT EXACT"));
        }
    }
}
