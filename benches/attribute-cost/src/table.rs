//! The table, in Markdown.

use std::fmt::Write;

use crate::kind::Kind;
use crate::measure::{Round, Sample};
use crate::stats::median;

/// A column: what it takes of a sample, and how many of that are one of its unit.
type Column = (fn(&Sample) -> Option<f64>, f64);

const COLUMNS: [Column; 3] =
    [(|sample| Some(sample.build), 1.0), (|sample| sample.text, 1e6), (|sample| Some(sample.check), 1.0)];

/// A row for each kind: medians, and medians of the ratios within each round.
pub(crate) fn markdown(kinds: &[Kind], rounds: &[Round]) -> String {
    let mut text = "| kind | build s | ÷ bare | text MB | ÷ bare | check s | ÷ bare |\n".to_owned();
    text.push_str("|---|--:|--:|--:|--:|--:|--:|\n");
    for kind in kinds {
        _ = write!(text, "| {} |", kind.title());
        for (of, unit) in COLUMNS {
            let value = |round: &Round, kind: Kind| round.get(&kind.name()).and_then(of);
            let ratio = |round: &Round| Some(value(round, *kind)? / value(round, kind.bare())?);
            let mid = median(rounds.iter().filter_map(|round| value(round, *kind)).collect());
            text.push_str(&cell(mid.map(|mid| mid / unit)));
            text.push_str(&cell(median(rounds.iter().filter_map(ratio).collect())));
        }
        text.push('\n');
    }
    text
}

fn cell(value: Option<f64>) -> String {
    value.map_or_else(|| " ? |".to_owned(), |value| format!(" {value:.2} |"))
}
