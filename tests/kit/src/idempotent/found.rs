//! What a check can find.

use std::fmt::{self, Debug};

/// Why an operation did not pass as idempotent. States, answers and errors are kept as their `Debug` text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotIdempotent {
    /// Nothing to compare with: the first run failed on a fresh environment.
    #[error("the operation fails already in its first run: {error}")]
    FirstRunFailed {
        /// What it said.
        error: String,
    },
    /// The check could not fail: one run changes nothing that is observed.
    #[error("one run changes nothing that is observed: {state}")]
    NothingObserved {
        /// The state before and after.
        state: String,
    },
    /// Another state than after exactly one run.
    #[error(
        "{run}, the operation leaves another state than run once\n  once:    {expected}\n  instead: {actual}\n  answers: {}",
        .answers.join(", ")
    )]
    StateDiffers {
        /// Where it showed.
        run: Run,
        /// The state after exactly one run.
        expected: String,
        /// The state after this one.
        actual: String,
        /// What all runs to the end answered, those that were repeated after an error included.
        answers: Vec<String>,
    },
    /// The right state, but another answer than that of exactly one run.
    /// Only if [`same_answer`](super::Idempotence::same_answer) was asked for.
    #[error("{run}, the operation answers {actual}, and run once {expected}")]
    AnswerDiffers {
        /// Where it showed.
        run: Run,
        /// The answer of exactly one run.
        expected: String,
        /// The other one.
        actual: String,
    },
    /// The operation yields or waits at more places than [`max_places`](super::Idempotence::max_places) allows.
    #[error("the operation can be stopped at more than {places} places: to try them all, raise `max_places`")]
    TooManyPlaces {
        /// The limit.
        places: usize,
    },
}

/// A way to run an operation more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Run {
    /// One run after the other.
    Twice,
    /// Copies on one thread that are polled in turn.
    InLockstep {
        /// How many.
        copies: usize,
    },
    /// One copy stopped, another run to its end, and then the first one.
    Overtaken {
        /// Where the first one stopped.
        at: Place,
    },
    /// Copies on threads of their own, released at the same instant.
    InParallel {
        /// How many.
        copies: usize,
    },
    /// One copy dropped, and then the operation run to its end.
    AfterCrash {
        /// Where it was dropped.
        at: Place,
    },
}

/// Where an operation can be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Where it yields, counted from 1: it lets others go first, as `tokio::task::yield_now` does. It does so in every
    /// run.
    Yield(usize),
    /// Where it waits for something, counted from 1. What is there already when it asks is not waited for, so the
    /// second wait of one run may be the first of another.
    Wait(usize),
    /// When all is done, but the caller does not have the answer yet.
    End,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yield(number) => write!(f, "at yield {number}"),
            Self::Wait(number) => write!(f, "at wait {number}"),
            Self::End => write!(f, "at its end"),
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice => write!(f, "run twice"),
            Self::InLockstep { copies } => write!(f, "run by {copies} in lockstep"),
            Self::Overtaken { at } => write!(f, "overtaken by another run {at}"),
            Self::InParallel { copies } => write!(f, "run by {copies} threads at once"),
            Self::AfterCrash { at } => write!(f, "run again after a crash {at}"),
        }
    }
}

pub(super) fn text(value: &impl Debug) -> String {
    format!("{value:?}")
}
