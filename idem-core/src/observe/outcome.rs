//! How a call ended.

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The handler's answer is the record's.
    Completed,
    /// The key is free again.
    Released,
    /// The record is unknown.
    Unknown,
    /// The call was answered from a record.
    Replayed,
    /// The handler ended, and the claim belonged to another attempt by then.
    Lost,
    /// The handler ran without a claim.
    Unprotected,
    /// The call was refused, with this code.
    Refused(&'static str),
}

impl Outcome {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Released => "released",
            Self::Unknown => "unknown",
            Self::Replayed => "replayed",
            Self::Lost => "lost",
            Self::Unprotected => "unprotected",
            Self::Refused(_) => "refused",
        }
    }
}
