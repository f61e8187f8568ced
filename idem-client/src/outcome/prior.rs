//! What a run of an operation begins with.

use super::{AttemptError, Reply, Report};
use crate::engine::Reached;

/// What earlier runs of an operation left behind.
pub(crate) struct Prior {
    pub(crate) reached: Reached,
    pub(crate) reply: Option<Reply>,
    pub(crate) error: Option<AttemptError>,
    pub(crate) report: Option<Report>,
}

impl Prior {
    pub(crate) fn none() -> Self {
        Self { reached: Reached::Nothing, reply: None, error: None, report: None }
    }
}
