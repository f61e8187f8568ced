//! From a complete HTTP answer to a verdict.

use std::fmt;
use std::time::SystemTime;

use http::{HeaderMap, StatusCode};

use super::problem::{self, Said};
use super::{Ending, Reached, Refresh, Rejection, Repeat, Verdict, retry_hint};

/// A complete answer: nothing of its body is missing.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Answer<'a> {
    /// The status.
    pub status: StatusCode,
    /// All header lines.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
    /// The local wall clock at arrival; only used for a `Retry-After` date without a `Date`.
    pub received_at: SystemTime,
}

impl<'a> Answer<'a> {
    /// The answer that came at `received_at`.
    #[must_use]
    pub const fn new(
        status: StatusCode,
        headers: &'a HeaderMap,
        body: &'a [u8],
        received_at: SystemTime,
    ) -> Self {
        Self { status, headers, body, received_at }
    }
}

/// Without body and header values: some servers echo the key.
impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("header_lines", &self.headers.len())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Whether an answer was made for this attempt or repeated from the server's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Replay {
    /// Made for this attempt, as far as the server says.
    Fresh,
    /// `Idempotent-Replayed: true`.
    Replayed,
}

impl Replay {
    /// Reads the header that idem, Stripe and others mark replays with.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        match verdict_header(headers, "idempotent-replayed") {
            Some(true) => Self::Replayed,
            _ => Self::Fresh,
        }
    }
}

/// Says what an answer means for an operation.
///
/// | answer | verdict |
/// |---|---|
/// | 2xx, 3xx | completed |
/// | any other replayed answer | rejected: repeating brings the same |
/// | to a key: 409 or 423 "in progress" | poll |
/// | to a key: 400, 409 or 422 "key reused" | key mismatch |
/// | to a key: 409 or 500 `outcome-unknown` | unknown; as 503 it is tried again |
/// | to a key: `result-unavailable` | rejected, as [`Rejection::ResultUnavailable`] |
/// | to a key: `key-expired` | expired |
/// | `Stripe-Should-Retry` or `x-should-retry`: `false` | rejected (in progress stays in progress) |
/// | the same: `true` | another attempt, with any status |
/// | 408, 425, 429, 5xx but 501 and 505 | another attempt |
/// | 401, 403, 407, 421 | turned away |
/// | anything else | rejected |
///
/// The rows are tried from the top. The names recognised in a body are ours, Stripe's, Shopify's, Amazon's, and
/// the examples of the IETF draft (-07, §2.7); a 409 that does not name the key is a business conflict.
#[must_use]
pub fn classify(answer: &Answer<'_>, repeat: Repeat) -> Verdict {
    let status = answer.status;
    if status.is_success() || status.is_redirection() {
        return Verdict::Final(Ending::Completed);
    }
    if Replay::of(answer.headers) == Replay::Replayed {
        return Verdict::Final(Ending::Rejected(rejection(status)));
    }
    let again = ["stripe-should-retry", "x-should-retry"]
        .iter()
        .find_map(|name| verdict_header(answer.headers, name));
    if repeat == Repeat::Keyed
        && let Some(verdict) = about_key(answer, again)
    {
        return verdict;
    }
    match again {
        Some(true) => another(answer),
        Some(false) => Verdict::Final(Ending::Rejected(rejection(status))),
        None => by_status(answer),
    }
}

fn about_key(answer: &Answer<'_>, again: Option<bool>) -> Option<Verdict> {
    let ending = match (problem::read(answer.body), answer.status.as_u16()) {
        (Said::InProgress, 409 | 423) if again == Some(false) => Ending::InProgress,
        (Said::InProgress, 409 | 423) => {
            return Some(Verdict::InProgress { hint: retry_hint(answer.headers, answer.received_at) });
        }
        (Said::KeyReused, 400 | 409 | 422) => Ending::KeyMismatch,
        (Said::OutcomeUnknown, 409 | 500) => Ending::Unknown,
        (Said::OutcomeUnknown, 503) if again == Some(false) => Ending::Unknown,
        (Said::ResultUnavailable, 400..=499) => Ending::Rejected(Rejection::ResultUnavailable),
        (Said::KeyExpired, 400..=499) => Ending::Expired,
        _ => return None,
    };
    Some(Verdict::Final(ending))
}

fn by_status(answer: &Answer<'_>) -> Verdict {
    match answer.status.as_u16() {
        // The server does not support what was asked; no repetition changes that (RFC 9110 §15.6.2, §15.6.6).
        501 | 505 => Verdict::Final(Ending::Rejected(Rejection::Refused)),
        408 | 425 | 429 | 500..=599 => another(answer),
        401 => Verdict::Denied(Refresh::Worthwhile),
        403 | 407 | 421 => Verdict::Denied(Refresh::Pointless),
        _ => Verdict::Final(Ending::Rejected(rejection(answer.status))),
    }
}

fn another(answer: &Answer<'_>) -> Verdict {
    let reached = match answer.status.as_u16() {
        // Refused before it was worked on; a 408 may have come too late for that.
        401 | 403 | 407 | 421 | 425 | 429 => Reached::TurnedAway,
        _ => Reached::InDoubt,
    };
    Verdict::Again { hint: retry_hint(answer.headers, answer.received_at), reached }
}

fn rejection(status: StatusCode) -> Rejection {
    match status.as_u16() {
        501 | 505 => Rejection::Refused,
        408 | 425 | 429 | 500.. => Rejection::Failed,
        _ => Rejection::Refused,
    }
}

fn verdict_header(headers: &HeaderMap, name: &str) -> Option<bool> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    if value.eq_ignore_ascii_case("true") {
        Some(true)
    } else if value.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}
