//! How one operation is treated: the defaults of an [`Idem`](crate::Idem), and what a handler sets differently.

use std::fmt;
use std::time::Duration;

use crate::protocol::AfterCrash;

/// What becomes of the key when a handler returns an error (a 5xx response, or `Err`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnError {
    /// The handler says "try again": the same request may run again. The default.
    #[default]
    Release,
    /// The error is the answer: it is stored and replayed.
    Store,
    /// The error tells nothing about the effect: the key answers `outcome-unknown` until it is settled.
    Unknown,
}

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
#[derive(Debug, Clone, Copy)]
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
#[allow(clippy::new_without_default, reason = "only the macro makes one, in a constant")]
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

    pub(crate) fn over(&self, defaults: &Policy) -> Policy {
        Policy {
            ttl: self.ttl.unwrap_or(defaults.ttl),
            lease: self.lease.unwrap_or(defaults.lease),
            wait: self.wait.unwrap_or(defaults.wait),
            max_run: self.max_run.unwrap_or(defaults.max_run),
            on_error: self.on_error.unwrap_or(defaults.on_error),
            after_crash: self.after_crash.unwrap_or(defaults.after_crash),
        }
    }
}
