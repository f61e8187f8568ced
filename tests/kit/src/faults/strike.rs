//! A fault for a process.

use std::fmt;

use super::{ALL, Act};

/// One fault at one point, as `IDEM_FAULT` has it.
///
/// ```
/// use idem_testing::faults::{Strike, points};
///
/// assert_eq!(Strike::kill(points::ENGINE_RUN_BEFORE).to_string(), "engine.run.before=kill@1");
/// assert_eq!(Strike::freeze("own:charge.bank").nth(3).to_string(), "own:charge.bank=freeze@3");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Strike {
    point: String,
    act: Act,
    at: u64,
}

impl Strike {
    /// The process dies when it reaches `point`, one of [`points`](super::points), or `own:NAME` for a point of your own.
    ///
    /// # Panics
    /// If `point` is neither.
    #[must_use]
    #[track_caller]
    pub fn kill(point: &str) -> Self {
        Self::new(point, Act::Kill)
    }

    /// The process stands still when it reaches `point`: [`Process::wake`](super::Process::wake) lets it go on.
    ///
    /// # Panics
    /// As [`kill`](Self::kill).
    #[must_use]
    #[track_caller]
    pub fn freeze(point: &str) -> Self {
        Self::new(point, Act::Freeze)
    }

    /// The thread that reaches `point` panics.
    ///
    /// # Panics
    /// As [`kill`](Self::kill).
    #[must_use]
    #[track_caller]
    pub fn panic(point: &str) -> Self {
        Self::new(point, Act::Panic)
    }

    /// At the `nth` reaching of the point instead of the first, counted from 1.
    ///
    /// # Panics
    /// If `nth` is 0.
    #[must_use]
    #[track_caller]
    pub fn nth(mut self, nth: u64) -> Self {
        assert!(nth > 0, "reachings are counted from 1");
        self.at = nth;
        self
    }

    #[track_caller]
    fn new(point: &str, act: Act) -> Self {
        let own = point.strip_prefix("own:").is_some_and(|name| !name.is_empty());
        let is_plain =
            !point.contains(['=', ';']) && !point.contains(": ") && !point.contains(char::is_control);
        let is_one = is_plain && (own || ALL.contains(&point));
        assert!(is_one, "{point:?} is no point: write own:NAME for one of your own, or one of {ALL:?}");
        Self { point: point.to_owned(), act, at: 1 }
    }

    /// The point, as marks have it.
    pub(super) fn point(&self) -> &str {
        self.point.strip_prefix("own:").unwrap_or(&self.point)
    }

    pub(super) const fn act(&self) -> Act {
        self.act
    }
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}@{}", self.point, self.act, self.at)
    }
}
