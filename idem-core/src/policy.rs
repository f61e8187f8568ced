//! How one operation is treated: the defaults of an [`Idem`](crate::Idem), and what a handler sets differently.

use std::fmt;
use std::time::Duration;

use crate::protocol::AfterCrash;

/// What becomes of the key when a handler returns an error (a 5xx response, or `Err`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnError {
    /// The handler says "try again": the same request may run again. The default.
    #[default]
    Release,
    /// The error is the answer: it is stored and replayed.
    Store,
    /// The error tells nothing about the effect: the key answers `outcome-unknown` until it is settled.
    Unknown,
}

/// The shortest life of a stored answer: an answer that was lost on the way must still be there when it is looked for.
pub(crate) const SHORTEST_TTL: Duration = Duration::from_millis(100);

/// The shortest lease, and the shortest run: of none at all, every claim would be late.
pub(crate) const SHORTEST_LEASE: Duration = Duration::from_millis(1);

/// The settings that hold for an operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// How long a stored answer lives, from completion.
    pub(crate) ttl: Duration,
    /// How long a claim outlives a process that stops renewing it.
    pub(crate) lease: Duration,
    /// How long a duplicate waits for the running one.
    pub(crate) wait: Duration,
    /// How long a claim is renewed at most.
    pub(crate) max_run: Duration,
    pub(crate) on_error: OnError,
    pub(crate) after_crash: AfterCrash,
}

impl Policy {
    /// Sets what a builder was told. A default gives way to what was said.
    pub(crate) fn set_spans(&mut self, lease: Option<Duration>, max_run: Option<Duration>) {
        self.max_run = max_run.unwrap_or_else(|| self.max_run.max(lease.unwrap_or_default()));
        self.lease = lease.unwrap_or_else(|| self.lease.min(self.ttl).min(self.max_run));
    }

    /// Sets how long a stored answer lives. A lease that is longer is shortened.
    pub(crate) fn set_ttl(&mut self, ttl: Duration) {
        self.ttl = ttl.max(SHORTEST_TTL);
        self.lease = self.lease.min(self.ttl);
    }

    /// Why these settings contradict each other, if they do.
    pub(crate) fn contradiction(&self) -> Option<&'static str> {
        if self.lease > self.max_run {
            return Some("`lease` is longer than `max_run`, for which a claim is renewed at most");
        }
        if self.lease > self.ttl {
            return Some(
                "`lease` is longer than `ttl`: a stored answer would be gone while a claim still stands",
            );
        }
        None
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ttl: Duration::from_hours(24),
            lease: Duration::from_secs(30),
            wait: Duration::ZERO,
            max_run: Duration::from_hours(1),
            on_error: OnError::default(),
            after_crash: AfterCrash::default(),
        }
    }
}

/// Where a named function stands. It tells two functions of one program apart and is no part of an address, so code may
/// move. The module and the function's name are in it because all functions that one `macro_rules!` call makes have the
/// call's position. Only [`#[idempotent]`](crate::idempotent) makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what the built-in macro of its name says")]
pub struct Definition {
    pub module_path: &'static str,
    pub function: &'static str,
    pub file: &'static str,
    pub line: u32,
    pub column: u32,
}

impl fmt::Display for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { module_path, function, file, line, column } = self;
        write!(f, "{module_path}::{function} ({file}:{line}:{column})")
    }
}

/// What the attribute says, as a constant. Only [`#[idempotent]`](crate::idempotent) makes one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spec {
    pub(crate) name: Option<&'static str>,
    pub(crate) definition: Option<&'static Definition>,
    pub(crate) fingerprint_headers: &'static [&'static str],
    pub(crate) optional: bool,
    ttl: Option<Duration>,
    lease: Option<Duration>,
    wait: Option<Duration>,
    max_run: Option<Duration>,
    on_error: Option<OnError>,
    after_crash: Option<AfterCrash>,
}

#[expect(missing_docs, reason = "each sets the argument of its name; spans are in milliseconds")]
impl Spec {
    #[must_use]
    pub const fn new() -> Self {
        Self {
            name: None,
            definition: None,
            fingerprint_headers: &[],
            optional: false,
            ttl: None,
            lease: None,
            wait: None,
            max_run: None,
            on_error: None,
            after_crash: None,
        }
    }

    #[must_use]
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    #[must_use]
    pub const fn defined(mut self, definition: &'static Definition) -> Self {
        self.definition = Some(definition);
        self
    }

    #[must_use]
    pub const fn fingerprint_headers(mut self, names: &'static [&'static str]) -> Self {
        self.fingerprint_headers = names;
        self
    }

    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    #[must_use]
    pub const fn ttl(mut self, millis: u64) -> Self {
        self.ttl = Some(Duration::from_millis(millis));
        self
    }

    #[must_use]
    pub const fn lease(mut self, millis: u64) -> Self {
        self.lease = Some(Duration::from_millis(millis));
        self
    }

    #[must_use]
    pub const fn wait(mut self, millis: u64) -> Self {
        self.wait = Some(Duration::from_millis(millis));
        self
    }

    #[must_use]
    pub const fn max_run(mut self, millis: u64) -> Self {
        self.max_run = Some(Duration::from_millis(millis));
        self
    }

    #[must_use]
    pub const fn on_error(mut self, on_error: OnError) -> Self {
        self.on_error = Some(on_error);
        self
    }

    #[must_use]
    pub const fn after_crash(mut self, after_crash: AfterCrash) -> Self {
        self.after_crash = Some(after_crash);
        self
    }

    /// What the attribute says, and the defaults for the rest. A default gives way to what the attribute says: a default
    /// lease is no longer than the attribute's `ttl` and `max_run`, a default `max_run` no shorter than its lease.
    pub(crate) fn over(&self, defaults: &Policy) -> Policy {
        let mut policy = Policy {
            ttl: defaults.ttl,
            lease: defaults.lease.min(self.max_run.unwrap_or(defaults.lease)).max(SHORTEST_LEASE),
            wait: self.wait.unwrap_or(defaults.wait),
            max_run: self.max_run.unwrap_or(defaults.max_run).max(SHORTEST_LEASE),
            on_error: self.on_error.unwrap_or(defaults.on_error),
            after_crash: self.after_crash.unwrap_or(defaults.after_crash),
        };
        if let Some(ttl) = self.ttl {
            policy.set_ttl(ttl);
        }
        if let Some(lease) = self.lease {
            policy.lease = lease.max(SHORTEST_LEASE);
            if self.max_run.is_none() {
                policy.max_run = policy.max_run.max(lease);
            }
        }
        policy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_default_gives_way_to_what_the_attribute_says() {
        let defaults = Policy::default();
        let policy = Spec::new().ttl(1_000).over(&defaults);
        assert_eq!((policy.ttl, policy.lease, policy.contradiction()), (SECOND, SECOND, None));
        let policy = Spec::new().max_run(2_000).over(&defaults);
        assert_eq!((policy.max_run, policy.lease, policy.contradiction()), (SECOND * 2, SECOND * 2, None));
        let policy = Spec::new().lease(7_200_000).over(&defaults);
        assert_eq!((policy.max_run, policy.contradiction()), (SECOND * 7200, None));
        let policy = Spec::new().ttl(1).over(&defaults);
        assert_eq!((policy.ttl, policy.lease), (SHORTEST_TTL, SHORTEST_TTL));
        let policy = Spec::new().over(&defaults);
        assert_eq!((policy.lease, policy.contradiction()), (defaults.lease, None));
    }

    #[test]
    fn what_was_said_and_contradicts_itself_is_found() {
        let defaults = Policy::default();
        for (spec, name) in [
            (Spec::new().lease(2_000).max_run(1_999), "max_run"),
            (Spec::new().lease(2_000).ttl(1_999), "ttl"),
            (Spec::new().lease(86_400_001).max_run(u64::MAX), "ttl"),
        ] {
            let found = spec.over(&defaults).contradiction().expect("a contradiction");
            assert!(found.contains(&format!("`{name}`")), "{found}");
        }
    }
}
