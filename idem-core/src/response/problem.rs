//! Refusals as problem documents (RFC 9457).

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response};
use serde::Serialize;

use super::profile::Profile;
use crate::refused::Refused;

/// A problem document: the registered members, and what a client needs to decide what to do next. Never holds the key.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    retryable: bool,
    retry_same_key: bool,
    safe_new_key: bool,
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    /// The document for a refusal.
    #[must_use]
    pub fn new(refused: &Refused, profile: Profile) -> Self {
        Self {
            r#type: format!("urn:idem:problem:{}", refused.code()),
            title: title(refused),
            status: profile.status(refused).as_u16(),
            detail: refused.to_string(),
            code: refused.code(),
            retryable: refused.retryable(),
            retry_same_key: refused.retry_same_key(),
            safe_new_key: refused.safe_new_key(),
            // Rounded up: asking too early is asking twice.
            retry_after: refused
                .retry_after()
                .map(|span| (span.as_secs() + u64::from(span.subsec_nanos() > 0)).max(1)),
        }
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The response: `application/problem+json`, never cached, with Retry-After (RFC 9110 §10.2.3) where there is one.
    #[must_use]
    pub fn into_response(self) -> Response<Bytes> {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(body.into());
        *response.status_mut() = http::StatusCode::from_u16(self.status).unwrap_or_default();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

const fn title(refused: &Refused) -> &'static str {
    match refused {
        Refused::KeyMissing => "Idempotency key missing",
        Refused::KeyInvalid(_) => "Idempotency key invalid",
        Refused::KeyReused => "Idempotency key used for another request",
        Refused::InProgress { .. } => "Request in progress",
        Refused::OutcomeUnknown | Refused::OutcomeUndecided { .. } | Refused::PanickedUnknown => {
            "Outcome unknown"
        }
        Refused::ResultUnavailable(_) => "Result unavailable",
        Refused::KeyExpired => "Idempotency key expired",
        Refused::StoreUnavailable { .. } => "Idempotency store unavailable",
        Refused::CapacityExceeded { .. } => "Too many idempotency keys",
        Refused::ShuttingDown { .. } => "Shutting down",
        Refused::ScopeMissing(_) => "Caller unknown",
        Refused::BodyTooLarge { .. } => "Request body too large",
        Refused::BodyUnreadable => "Request body unreadable",
        Refused::FingerprintInvalid(_) => "Request cannot be fingerprinted",
        Refused::HandlerPanicked => "Operation failed",
        Refused::TransactionConflict { .. } => "Transaction conflict",
        Refused::TransactionAborted => "Transaction rolled back",
        Refused::StoreCannotCouple => "Store cannot couple",
        Refused::InsideTransaction => "Operation called inside a transaction",
        Refused::Reentered => "Operation called from inside itself",
        Refused::Misconfigured(_) | Refused::NameShared => "Server misconfigured",
        Refused::BodyNotRead => "Request body not read",
    }
}
