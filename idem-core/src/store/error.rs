//! What can go wrong with a store.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// A store could not do what it was asked to.
///
/// One opaque type with a [kind](Self::kind), so that a store can say more without breaking callers. The text says
/// what to do; the cause, if any, is the driver's.
pub struct StoreError {
    kind: StoreErrorKind,
    message: Box<str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// What a caller must know about a [`StoreError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store cannot be reached, or is too busy. Nothing was applied, for certain.
    Unavailable,
    /// The operation may or may not have been applied: repeat it unchanged.
    Undecided,
    /// A bound is reached: no new keys until records expire.
    CapacityExceeded,
    /// The store never takes this write, in any state: a reply is longer than its server allows,
    /// a text is one that it cannot hold. Nothing was applied. A completion is then made with a tombstone in the reply's
    /// place, so a store says this only of what is certain not to be taken later either.
    Unstorable,
    /// A record, or the database itself, was written by a newer version: update this process.
    UnknownFormat,
    /// The data is damaged.
    Corrupt,
    /// The store is set up in a way that cannot work.
    Misconfigured,
}

impl StoreError {
    /// An error without a cause.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into().into_boxed_str(), source: None }
    }

    /// Of a connection that is no more as it was.
    #[cfg(feature = "_tx")]
    pub(crate) fn changed_settings() -> Self {
        let message = "the handler left settings of the session changed: use SET LOCAL, or put them back";
        Self::new(StoreErrorKind::Misconfigured, message)
    }

    /// Adds the error behind it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into().into());
        self
    }

    /// What a caller must know.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// True if the same operation may succeed later without a change by an operator.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Unavailable | StoreErrorKind::Undecided)
    }
}

impl StoreError {
    /// The same error, for another caller of a call that several wait for.
    #[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
    pub(crate) fn share(&self) -> Self {
        Self { kind: self.kind, message: self.message.clone(), source: self.source.clone() }
    }

    /// The error's text with those of its sources, for a log.
    pub(crate) const fn chain(&self) -> Chain<'_> {
        Chain(self)
    }
}

/// An error and its sources in one line. A source that says what was said already is left out.
#[derive(Clone, Copy)]
pub(crate) struct Chain<'e>(&'e StoreError);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            let text = error.to_string();
            if !said.contains(&text) {
                write!(f, ": {text}")?;
                said = text;
            }
            next = error.source();
        }
        Ok(())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreError({:?}: {})", self.kind, self.chain())
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_shows_each_cause_once() {
        let cause = std::io::Error::other("connection refused");
        let middle = StoreError::new(StoreErrorKind::Unavailable, "no connection").with_source(cause);
        let error = StoreError::new(StoreErrorKind::Undecided, "no connection").with_source(middle);
        assert_eq!(error.chain().to_string(), "no connection: connection refused");
        assert_eq!(error.share().chain().to_string(), error.chain().to_string());
        assert_eq!(format!("{error:?}"), "StoreError(Undecided: no connection: connection refused)");
    }
}
