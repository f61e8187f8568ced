//! Runs cases: each on a runtime of its own and on fresh records, with an end to patience.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::in_time::in_time;
use super::{Backend, Histories, Trial, run_histories};

/// Runs one case on a backend of its own. For the suite's own cases, and for further ones of your own in its style.
///
/// # Panics
/// If the case does, if it hangs, and inside another runtime.
pub fn run<B: Backend>(fresh: impl AsyncFnOnce() -> B, case: impl AsyncFnOnce(Trial<B>)) {
    in_time(async {
        let backend = fresh().await;
        if backend.is_there() {
            case(Trial::new(backend).await).await;
        }
    });
}

/// Runs every case, each on a backend that `fresh` makes for it, and tells at the end which failed.
///
/// [`conformance!`](crate::conformance) does the same with one `#[test]` per case.
///
/// # Panics
/// If any case failed, and inside a runtime.
pub fn run_all<B: Backend>(fresh: impl AsyncFn() -> B) {
    let report = survey(fresh, Histories::from_env());
    assert!(report.failures().next().is_none(), "{report}");
}

/// Runs every case and reports, instead of panicking.
///
/// # Panics
/// Inside a runtime.
#[must_use]
pub fn survey<B: Backend>(fresh: impl AsyncFn() -> B, histories: Histories) -> Report {
    survey_where(fresh, histories, |_| true)
}

/// As [`survey`], with the cases whose names `relevant` accepts.
pub(super) fn survey_where<B: Backend>(
    fresh: impl AsyncFn() -> B,
    histories: Histories,
    relevant: impl Fn(&str) -> bool,
) -> Report {
    let mut report = Report::default();
    let fresh = &fresh;
    let mut try_case = |name, case: &mut dyn FnMut()| {
        if relevant(name) {
            report.try_case(name, case);
        }
    };
    crate::__conformance_cases!(__conformance_survey try_case fresh);
    try_case("histories::agree_with_the_protocol", &mut || run_histories(fresh, histories));
    report
}

/// Which cases of the suite held.
#[derive(Debug, Default)]
pub struct Report(Vec<(&'static str, Result<(), String>)>);

impl Report {
    /// The names of all cases that ran, as `theme::case`.
    pub fn cases(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }

    /// The name of each case that failed, and what it said.
    pub fn failures(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().filter_map(|(name, result)| Some((*name, result.as_ref().err()?.as_str())))
    }

    pub(super) fn try_case(&mut self, name: &'static str, case: impl FnOnce()) {
        // Nothing of the case is used after it failed.
        let result = catch_unwind(AssertUnwindSafe(case)).map_err(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
        });
        self.0.push((name, result));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of {} cases failed", self.failures().count(), self.0.len())?;
        self.failures().try_for_each(|(name, message)| writeln!(f, "\n{name}\n    {message}"))
    }
}
