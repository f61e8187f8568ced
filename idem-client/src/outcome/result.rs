//! Outcomes as `Result`s, for `?`.

use std::fmt;

use serde::de::DeserializeOwned;

use super::{Answered, NotJson, Outcome};
use crate::key::digest;

impl Outcome {
    /// The final answer, or everything else as an error that keeps the outcome.
    ///
    /// # Errors
    /// [`NotCompleted`], from which the outcome can be taken back and resumed.
    pub fn into_result(self) -> Result<Answered, NotCompleted> {
        match self {
            Self::Completed(answered) => Ok(answered),
            other => Err(NotCompleted(Box::new(other))),
        }
    }

    /// The body of the final answer, read as JSON.
    ///
    /// # Errors
    /// [`ReadError::NotCompleted`] for any other outcome, [`ReadError::Json`] for a body of another shape.
    pub fn json<T: DeserializeOwned>(self) -> Result<T, ReadError> {
        self.into_result()?.reply().json().map_err(ReadError::Json)
    }
}

/// An outcome other than [`Outcome::Completed`].
#[derive(Debug)]
pub struct NotCompleted(Box<Outcome>);

impl NotCompleted {
    /// The outcome.
    pub fn outcome(&self) -> &Outcome {
        &self.0
    }

    /// The outcome, to resume it.
    pub fn into_outcome(self) -> Outcome {
        *self.0
    }
}

impl fmt::Display for NotCompleted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0.report();
        let ending = self.0.ending().name().replace('_', " ");
        write!(f, "the operation ended as {ending}: {}", report.reason())?;
        if let Some(reply) = self.0.reply() {
            write!(f, "; last status {}", reply.status().as_u16())?;
        }
        write!(f, "; {} attempts", report.attempts())?;
        if report.polls() > 0 {
            write!(f, " and {} polls", report.polls())?;
        }
        write!(f, " in {} ms", report.elapsed().as_millis())?;
        match report.key() {
            Some(key) => write!(f, "; key {}", digest(key)),
            None => f.write_str("; no key"),
        }
    }
}

impl std::error::Error for NotCompleted {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Outcome::InProgress(open) | Outcome::NotSent(open) | Outcome::Unknown(open) => {
                open.error().map(|error| error as &(dyn std::error::Error + 'static))
            }
            _ => None,
        }
    }
}

/// Why an outcome gives no value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no final answer to read.
    #[error(transparent)]
    NotCompleted(#[from] NotCompleted),
    /// The operation is completed, but its answer is not JSON of this shape.
    #[error("the operation is completed, but its answer is not JSON of the expected shape")]
    Json(#[source] NotJson),
}
