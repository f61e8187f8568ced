//! Which status codes refusals get.

use http::StatusCode;

use crate::refused::Refused;

/// Where live practice and the IETF draft differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Profile {
    /// As Stripe does: a key reused for another request is 400.
    #[default]
    Default,
    /// As draft-ietf-httpapi-idempotency-key-header-07 §2.7 says: it is 422.
    Draft07,
}

impl Profile {
    /// The status of a refusal.
    #[must_use]
    pub const fn status(self, refused: &Refused) -> StatusCode {
        match refused {
            Refused::KeyReused => match self {
                Self::Default => StatusCode::BAD_REQUEST,
                Self::Draft07 => StatusCode::UNPROCESSABLE_ENTITY,
            },
            Refused::KeyMissing
            | Refused::KeyInvalid(_)
            | Refused::ScopeMissing(_)
            | Refused::BodyUnreadable
            | Refused::FingerprintInvalid(_) => StatusCode::BAD_REQUEST,
            Refused::InProgress { .. }
            | Refused::OutcomeUnknown
            | Refused::ResultUnavailable(_)
            | Refused::KeyExpired => StatusCode::CONFLICT,
            Refused::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refused::CapacityExceeded { .. } => StatusCode::TOO_MANY_REQUESTS,
            Refused::OutcomeUndecided { .. }
            | Refused::StoreUnavailable { .. }
            | Refused::TransactionConflict { .. }
            | Refused::ShuttingDown { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Refused::HandlerPanicked
            | Refused::PanickedUnknown
            | Refused::TransactionAborted
            | Refused::StoreCannotCouple
            | Refused::InsideTransaction
            | Refused::Reentered
            | Refused::Misconfigured(_)
            | Refused::NameShared
            | Refused::BodyNotRead => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
