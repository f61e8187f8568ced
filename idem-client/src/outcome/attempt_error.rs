//! Why an attempt brought no answer.

use std::error::Error as StdError;
use std::fmt;

use crate::client::BoxError;
use crate::engine::Verdict;

/// Why an attempt brought no answer. Never holds the URL, a key or a body.
#[derive(Debug)]
pub struct AttemptError {
    kind: AttemptErrorKind,
    source: Option<BoxError>,
}

/// What kind of failure it was, and so what it proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttemptErrorKind {
    /// No connection: DNS, TCP, TLS or proxy. Proves that nothing was delivered.
    Connect,
    /// HTTP/2 only: the server refused the stream, or was going away before it. Proves that nothing was worked on
    /// (RFC 9113 §8.7).
    NotProcessed,
    /// The attempt's time was over. Proves nothing.
    Timeout,
    /// The connection broke before the reply began. Proves nothing.
    Lost,
    /// The connection broke within the reply, or the reply is malformed. Proves nothing.
    Truncated,
    /// The reply is larger than the client takes in.
    TooLarge,
    /// The `prepare_attempt` hook failed, or the request could not be built. Nothing was sent.
    Prepare,
}

impl AttemptErrorKind {
    /// A stable name, as `error.type` in traces.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::NotProcessed => "not_processed",
            Self::Timeout => "timeout",
            Self::Lost => "lost",
            Self::Truncated => "truncated",
            Self::TooLarge => "too_large",
            Self::Prepare => "prepare",
        }
    }

    pub(crate) fn verdict(self) -> Verdict {
        match self {
            Self::Connect | Self::NotProcessed => Verdict::Undelivered,
            // "connection closed before message completed" is no proof of non-delivery (hyper issue 2136).
            Self::Timeout | Self::Lost | Self::Truncated => Verdict::Lost,
            Self::TooLarge => Verdict::Unusable,
            Self::Prepare => Verdict::NotMade,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Connect => "no connection to the server",
            Self::NotProcessed => "the server refused the stream without working on it",
            Self::Timeout => "the attempt took too long",
            Self::Lost => "the connection broke before the reply",
            Self::Truncated => "the reply broke off",
            Self::TooLarge => "the reply is larger than the client takes in",
            Self::Prepare => "the attempt could not be prepared",
        }
    }
}

impl AttemptError {
    pub(crate) fn new(kind: AttemptErrorKind, source: impl Into<BoxError>) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    /// A failure before the reply's head was there.
    pub(crate) fn of_sending(error: reqwest::Error) -> Self {
        let kind = if error.is_connect() {
            AttemptErrorKind::Connect
        } else if not_processed(&error) {
            AttemptErrorKind::NotProcessed
        } else if error.is_timeout() {
            AttemptErrorKind::Timeout
        } else {
            AttemptErrorKind::Lost
        };
        Self::new(kind, error.without_url())
    }

    /// A failure within the reply's body.
    pub(crate) fn of_reading(error: reqwest::Error) -> Self {
        let kind = if error.is_timeout() { AttemptErrorKind::Timeout } else { AttemptErrorKind::Truncated };
        Self::new(kind, error.without_url())
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> AttemptErrorKind {
        self.kind
    }
}

impl From<AttemptErrorKind> for AttemptError {
    fn from(kind: AttemptErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for AttemptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.text())
    }
}

impl StdError for AttemptError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(not(feature = "http2"))]
fn not_processed(_: &reqwest::Error) -> bool {
    false
}

/// The two cases that RFC 9113 §8.7 calls safe, and which reqwest re-sends by itself where it is allowed to.
#[cfg(feature = "http2")]
fn not_processed(error: &reqwest::Error) -> bool {
    let mut source = StdError::source(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return error.is_remote()
                && (error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR)
                    || error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM));
        }
        source = error.source();
    }
    false
}
