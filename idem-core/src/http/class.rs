//! What a response says about the operation.

use http::StatusCode;

/// The classes of outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The answer of the operation.
    Final,
    /// Refused before anything happened, for a reason that may pass: the same request may run again.
    Transient,
    /// The handler failed; the policy says what that means.
    Failure,
}

/// 401, 403, 407, 408, 421, 425 and 429 describe the moment, not the operation; every other 4xx is an answer.
pub(crate) fn class_of(status: StatusCode) -> Class {
    match status.as_u16() {
        401 | 403 | 407 | 408 | 421 | 425 | 429 => Class::Transient,
        500.. => Class::Failure,
        _ => Class::Final,
    }
}
