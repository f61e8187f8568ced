//! Operations that can be taken up again.

use std::sync::Arc;

use idem_core::IdempotencyKey;

use super::{AttemptError, Prior, Reply, Report};
use crate::engine::Reached;
use crate::request::Frozen;

/// An operation without a final answer. It keeps everything needed to go on: the frozen request, its key, and what
/// is known so far. [`Client::resume`](crate::Client::resume) takes it up again with the same key.
#[derive(Debug)]
pub struct Unresolved(Box<Inner>);

#[derive(Debug)]
struct Inner {
    request: Arc<Frozen>,
    reached: Reached,
    reply: Option<Reply>,
    error: Option<AttemptError>,
    report: Report,
}

impl Unresolved {
    pub(super) fn new(
        request: Arc<Frozen>,
        reached: Reached,
        reply: Option<Reply>,
        error: Option<AttemptError>,
        report: Report,
    ) -> Self {
        Self(Box::new(Inner { request, reached, reply, error, report }))
    }

    /// The key to go on with.
    #[must_use]
    pub fn key(&self) -> Option<&IdempotencyKey> {
        self.0.request.key.as_ref()
    }

    /// The last reply that came in whole, if any.
    #[must_use]
    pub fn reply(&self) -> Option<&Reply> {
        self.0.reply.as_ref()
    }

    /// Why the last attempt brought no reply, if it did not.
    #[must_use]
    pub fn error(&self) -> Option<&AttemptError> {
        self.0.error.as_ref()
    }

    /// How far the attempts may have come.
    #[must_use]
    pub fn reached(&self) -> Reached {
        self.0.reached
    }

    /// What it took so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    pub(crate) fn take_up(self) -> (Arc<Frozen>, Prior) {
        let Inner { request, reached, reply, error, report } = *self.0;
        (request, Prior { reached, reply, error, report: Some(report) })
    }
}
