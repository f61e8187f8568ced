//! A server that is there and does not do what it was told.

use std::{fmt, io};

/// What went wrong with a server, and the end of its log.
#[derive(thiserror::Error)]
#[error("{server}: {cause}{}", last_lines(log))]
pub struct Failure {
    /// Which server.
    pub server: &'static str,
    /// What went wrong.
    pub cause: Cause,
    /// The end of its log.
    pub log: String,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The supervisor could not be started or spoken to.
    #[error("its supervisor: {0}")]
    Supervisor(#[from] io::Error),
    /// The server, or a preparation of its data, ended with this code.
    #[error("`{command}` ended with code {code}")]
    Ended {
        /// The program.
        command: String,
        /// As the shell tells it: 128 and more for a signal.
        code: i32,
    },
    /// The server runs, but has not answered in time.
    #[error("not ready after {seconds} s: {last}")]
    NotReady {
        /// How long it was waited for.
        seconds: u64,
        /// The server's last answer.
        last: io::Error,
    },
    /// The server was told to end, or to stand still, and did not.
    #[error("did not {0} in time")]
    Unmoved(&'static str),
    /// The server was told to start, and runs already.
    #[error("runs already")]
    RunsAlready,
    /// The server was told something that needs it running.
    #[error("does not run")]
    NotRunning,
    /// The account it has to run under does not exist.
    #[error("refuses to run as root, and there is no user {0}")]
    NoUser(&'static str),
}

impl Failure {
    /// Another process got the port between its choice and its use.
    pub(crate) fn is_port_taken(&self) -> bool {
        let log = self.log.to_ascii_lowercase();
        matches!(self.cause, Cause::Ended { .. }) && log.contains("address already in use")
    }
}

/// As a person reads it, for `unwrap` is how a test shows it.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn last_lines(log: &str) -> String {
    if log.is_empty() { String::new() } else { format!("\n--- the end of its log:\n{log}\n---") }
}
