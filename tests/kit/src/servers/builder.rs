//! A server with other settings than the default ones.

use std::marker::PhantomData;

use crate::servers::{Missing, Why};

/// What can be started with settings.
pub trait Kind: Sized {
    /// Starts it. `settings` come after the defaults and override them.
    fn launch(settings: &Settings) -> Result<Self, Missing>;
}

/// Names and values in the server's own terms, the later ones above the earlier.
pub type Settings = Vec<(String, String)>;

/// A server to be.
#[derive(Debug, Clone)]
pub struct Builder<S> {
    settings: Settings,
    kind: PhantomData<fn() -> S>,
}

impl<S: Kind> Builder<S> {
    pub(crate) const fn new() -> Self {
        Self { settings: Vec::new(), kind: PhantomData }
    }

    /// A setting in the server's own words: `("fsync", "on")`, `("innodb-flush-log-at-trx-commit", "1")`,
    /// `("appendonly", "yes")`.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Starts it, and waits until it answers.
    pub fn start(self) -> Result<S, Missing> {
        repeat(|| S::launch(&self.settings))
    }
}

/// Again, with another port, if another process got the port.
pub(crate) fn repeat<S>(start: impl Fn() -> Result<S, Missing>) -> Result<S, Missing> {
    for _ in 0..3 {
        match start() {
            Err(Missing { why: Why::DidNotStart(failure), .. }) if failure.is_port_taken() => {}
            outcome => return outcome,
        }
    }
    start()
}

/// The defaults with `settings` above them.
pub(crate) fn with_defaults(defaults: &[(&str, &str)], settings: &[(String, String)]) -> Settings {
    let defaults = defaults.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    defaults.chain(settings.iter().cloned()).collect()
}
