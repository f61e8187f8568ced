//! Why a test has no server.

use std::fmt;

use crate::servers::{Failure, software::Software};

/// There is no server to test with.
#[derive(thiserror::Error)]
pub struct Missing {
    /// The name of the server.
    pub server: &'static str,
    /// Why.
    #[source]
    pub why: Why,
    /// How to get one.
    remedy: String,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// Not installed, and this process may not install it.
    #[error("it is not installed")]
    NotInstalled,
    /// Not installed, and the attempt to failed.
    #[error("it is not installed, and installing it failed ({0})")]
    NotInstallable(String),
    /// Installed, and broken. This is never a reason to skip a test.
    #[error(transparent)]
    DidNotStart(#[from] Failure),
}

impl Missing {
    pub(crate) fn new(software: &Software, why: impl Into<Why>) -> Self {
        let package = software.package;
        let remedy = match software.variable {
            Some(variable) => {
                format!("install the package `{package}`, or set {variable} to a running server")
            }
            None => format!("install the package `{package}`"),
        };
        Self { server: software.name, why: why.into(), remedy }
    }
}

/// One line, save for a server that did not start: that one brings the end of its log.
impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::DidNotStart(failure) => write!(f, "{failure}"),
            why => write!(f, "no {}: {why}; {}", self.server, self.remedy),
        }
    }
}

/// As a person reads it, for `unwrap` is how a test shows it.
impl fmt::Debug for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
