//! How a strike ended.

use std::fmt;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use super::Mark;

/// What became of a [`Victim`](super::Victim).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The fault killed the process, and the process is gone.
    Killed(Mark),
    /// The fault stopped the process: all its threads stand still. [`Process::wake`](super::Process::wake) lets it go on.
    Frozen(Mark),
    /// The fault made a thread panic. The process may go on.
    Panicked(Mark),
    /// The process ended and the fault had not struck. Exit code 64 says that the process did not understand `IDEM_FAULT`.
    Ended(ExitStatus),
}

/// It is not known what became of a [`Victim`](super::Victim). `Display` ends with what the process has said; `Debug` leaves
/// that out, for it may be anything.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum NotStruck {
    /// The process runs, and the fault has not struck. Most likely its build lacks the feature `fault-points` of idem-core,
    /// or no request took the way of the point.
    #[error(
        "the fault {strike} did not strike within {limit:?}: does the process have the feature `fault-points`, and reach \
         the point? The end of its standard error:\n{said}"
    )]
    TooLong {
        /// The fault, as `IDEM_FAULT` has it.
        strike: String,
        /// How long was waited.
        limit: Duration,
        /// The last lines of its standard error.
        said: String,
    },
    /// The system says nothing about the process.
    #[error("the process cannot be watched: {0}")]
    Process(#[from] io::Error),
}

impl fmt::Debug for NotStruck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { strike, limit, .. } => f
                .debug_struct("TooLong")
                .field("strike", strike)
                .field("limit", limit)
                .finish_non_exhaustive(),
            Self::Process(error) => f.debug_tuple("Process").field(error).finish(),
        }
    }
}
