//! Holds a history against the invariants of the protocol.
//!
//! It knows nothing of how a history came about: which worker died where, which store it was. So one checker serves
//! every kind, point and store.

mod answers;
mod effects;
mod liveness;
mod records;
mod story;
#[cfg(test)]
mod tests;
mod unknown;

use std::fmt;

use idem_tests::matrix::Event;

use self::story::Story;

/// What a kind promises about its effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effects {
    /// Foreign, and not repeated when the outcome is unknown: at most one in every history.
    AtMostOnce,
    /// Foreign, and harmless to repeat: at most one for each attempt.
    OncePerAttempt,
    /// Asked of a service that does its part once for each key: the same derived key in every attempt and process, so
    /// one effect, and no other operation's.
    OncePerDerivedKey,
    /// In the store's own database: one if and only if the record says so.
    Coupled,
}

/// A history breaks an invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The invariant's name in the design.
    pub(crate) invariant: &'static str,
    pub(crate) key: String,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.invariant, self.key, self.what)
    }
}

pub(crate) fn check(history: &[Event], effects: Effects) -> Vec<Violation> {
    let story = Story::of(history);
    let mut found = Vec::new();
    for key in story.keys() {
        let mut report = |invariant, what| found.push(Violation { invariant, key: key.to_owned(), what });
        answers::check(&story, key, effects, &mut report);
        effects::check(&story, key, effects, &mut report);
        records::check(&story, key, &mut report);
        unknown::check(&story, key, effects, &mut report);
        liveness::check(&story, key, &mut report);
    }
    found
}

/// Takes the name of an invariant, and how it is broken.
type Report<'a> = dyn FnMut(&'static str, String) + 'a;
