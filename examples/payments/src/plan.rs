//! What a demonstration consists of.

use std::path::PathBuf;

use crate::bank::Moods;
use crate::network::Rates;

/// Both runs of a demonstration follow the same plan.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// How many payments are wanted; at least 1.
    pub(crate) payments: u64,
    /// How many callers work at the same time; at least 1.
    pub(crate) callers: usize,
    pub(crate) seed: u64,
    /// How often one payment is sent in one go; at least 1.
    pub(crate) attempts: u32,
    /// The share of visits that a caller breaks off by hanging up.
    pub(crate) hang_up: f64,
    pub(crate) rates: Rates,
    pub(crate) moods: Moods,
    /// The file for the idempotency records, if not a temporary one.
    pub(crate) db: Option<PathBuf>,
}

/// The two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The bare handler, and callers that try again by themselves.
    WithoutIdem,
    /// `#[idempotent]` over the same handler, and callers that use `idem-client`.
    WithIdem,
}

impl Mode {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::WithoutIdem => "without idem",
            Self::WithIdem => "with idem",
        }
    }
}
