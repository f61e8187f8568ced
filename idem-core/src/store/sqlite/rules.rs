//! What all rounds share.

use std::sync::Arc;

use crate::clock::{Clock, Timestamp};

/// The most operations or records in one transaction, so that no caller waits long for its turn.
pub(super) const ROUND: usize = 256;

/// What a round decides by.
#[derive(Debug, Clone)]
pub(super) struct RoundSettings {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) max_records: Option<u64>,
}

impl RoundSettings {
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.now().as_micros().min(i64::MAX.unsigned_abs()))
    }
}
