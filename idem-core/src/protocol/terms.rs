//! What a claim's handler says about its record.
//!
//! ```
//! use idem_core::protocol::Terms;
//! use std::time::Duration;
//!
//! let terms = Terms::new(Duration::from_hours(720), Duration::from_secs(30), "shop");
//! assert_eq!(terms.retention(), Duration::from_hours(720));
//! assert_eq!(terms.to_string(), "2592000s 30s shop");
//! assert_eq!(Terms::from_stored("2592000s 30s shop"), Some(terms));
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::namespace::Namespace;

/// The retention and the lease of a handler, and the namespace of its engine: kept in the record, so that a process
/// that sweeps it, settles it or asks a hook about it does what its handler asked for, not what that process is set to.
///
/// Cloning shares the text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Terms(Arc<Kept>);

#[derive(PartialEq, Eq, Hash)]
struct Kept {
    /// In microseconds.
    retention: u64,
    /// In microseconds.
    lease: u64,
    namespace: Namespace,
}

/// The longest span that is kept, in microseconds: about 146,000 years. Fits into every store's integers.
const LONGEST: u64 = i64::MAX.unsigned_abs() / 2;

/// In microseconds.
const SECOND: u64 = 1_000_000;

impl Terms {
    /// Spans are kept in whole microseconds, up to 146,000 years.
    ///
    /// The namespace is kept as [`Namespace::new`] says.
    #[must_use]
    pub fn new(retention: Duration, lease: Duration, namespace: &str) -> Self {
        let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(LONGEST);
        Self::of(micros(retention), micros(lease), Namespace::new(namespace))
    }

    /// From the numbers and the text that a store kept.
    pub(crate) fn from_micros(retention: u64, lease: u64, namespace: &str) -> Self {
        Self::of(retention, lease, Namespace::from_stored(namespace))
    }

    fn of(retention: u64, lease: u64, namespace: Namespace) -> Self {
        Self(Arc::new(Kept { retention: retention.min(LONGEST), lease: lease.min(LONGEST), namespace }))
    }

    /// Retention and lease, for a store that keeps numbers.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(crate) fn micros(&self) -> (u64, u64) {
        (self.0.retention, self.0.lease)
    }

    /// From the text that a store kept, [`to_string`](ToString::to_string). `None` for a text that is none of these.
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let mut span = || micros(parts.next()?);
        let (retention, lease) = (span()?, span()?);
        Some(Self::from_micros(retention, lease, parts.next()?))
    }

    /// How long the handler's records live once they are done or released.
    #[must_use]
    pub fn retention(&self) -> Duration {
        Duration::from_micros(self.0.retention)
    }

    /// How long the handler's claims keep others out unless they are renewed.
    #[must_use]
    pub fn lease(&self) -> Duration {
        Duration::from_micros(self.0.lease)
    }

    /// The namespace of the engine that claimed, as far as it is kept: see [`new`](Self::new).
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.0.namespace.as_str()
    }
}

/// Retention and lease, in microseconds or in whole seconds with an `s`, and the namespace, with spaces between: for a store
/// to keep.
impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for span in [self.0.retention, self.0.lease] {
            if span.is_multiple_of(SECOND) {
                write!(f, "{}s ", span / SECOND)?;
            } else {
                write!(f, "{span} ")?;
            }
        }
        f.write_str(self.namespace())
    }
}

/// Of a span as it is written.
fn micros(text: &str) -> Option<u64> {
    match text.strip_suffix('s') {
        Some(seconds) => seconds.parse::<u64>().ok()?.checked_mul(SECOND),
        None => text.parse().ok(),
    }
}

impl fmt::Debug for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terms")
            .field("retention", &self.retention())
            .field("lease", &self.lease())
            .field("namespace", &self.namespace())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        for (retention, lease, namespace) in [
            (Duration::ZERO, Duration::ZERO, ""),
            (Duration::from_hours(24), Duration::from_micros(1), "shop"),
            (Duration::MAX, Duration::MAX, "a shop with spaces"),
            (Duration::from_hours(1), Duration::from_secs(1), &*"ü".repeat(64)),
        ] {
            let terms = Terms::new(retention, lease, namespace);
            assert_eq!(terms.namespace(), namespace);
            assert_eq!(Terms::from_stored(&terms.to_string()), Some(terms));
        }
        for odd in
            ["", "1", "1 2", "x 2 shop", "1 -2 shop", "acme", "s 1s shop", "18446744073709551615s 1s shop"]
        {
            assert_eq!(Terms::from_stored(odd), None, "{odd}");
        }
    }
}
