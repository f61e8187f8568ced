//! What can go wrong with a store.

use std::error::Error;
use std::fmt;

/// A store could not do what it was asked to.
///
/// One opaque type with a [kind](Self::kind), so that a store can say more without breaking callers. The text says
/// what to do; the cause, if any, is the driver's.
pub struct StoreError {
    kind: StoreErrorKind,
    message: Box<str>,
    source: Option<Box<dyn Error + Send + Sync>>,
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
        self.source = Some(source.into());
        self
    }

    /// What a caller must know.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// True if the same operation may succeed later without anybody changing anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Unavailable | StoreErrorKind::Undecided)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreError({:?}: {}", self.kind, self.message)?;
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        f.write_str(")")
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
