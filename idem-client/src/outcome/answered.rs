//! Outcomes that hold a final answer.

use super::{Reply, Report};
use crate::engine::Rejection;

/// The server's answer, and what it took to get it.
#[derive(Debug)]
pub struct Answered {
    pub(super) reply: Reply,
    pub(super) report: Report,
}

impl Answered {
    /// The answer.
    #[must_use]
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// The answer alone.
    #[must_use]
    pub fn into_reply(self) -> Reply {
        self.reply
    }

    /// What it took.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }
}

/// The server's final answer, and not a success.
#[derive(Debug)]
pub struct Rejected {
    pub(super) rejection: Rejection,
    pub(super) answered: Answered,
}

impl Rejected {
    /// Whether the effect may have happened: look here before sending it as a new operation.
    #[must_use]
    pub fn rejection(&self) -> Rejection {
        self.rejection
    }

    /// The answer.
    #[must_use]
    pub fn reply(&self) -> &Reply {
        &self.answered.reply
    }

    /// What it took.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.answered.report
    }
}

/// The key is older than the server's records: sending it again could run the operation twice.
#[derive(Debug)]
pub struct Expired {
    pub(super) reply: Option<Reply>,
    pub(super) report: Report,
}

impl Expired {
    /// The answer that said so. There is none if the client knew it by itself.
    #[must_use]
    pub fn reply(&self) -> Option<&Reply> {
        self.reply.as_ref()
    }

    /// What it took.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }
}
