//! Why the server did not start, or stopped.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use idem_core::store::StoreError;

#[derive(Debug)]
pub(crate) enum Failure {
    /// The build lacks what the command line asks for.
    NotBuilt(String),
    Store(StoreError),
    /// The URL of its database cannot be read.
    Url(sqlx::Error),
    /// The table of `/tx` cannot be made.
    Ledger(sqlx::Error),
    Listen(io::Error),
    Effects(PathBuf, io::Error),
    Serve(io::Error),
}

impl Failure {
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::NotBuilt(_) => ExitCode::from(2),
            Self::Store(_)
            | Self::Url(_)
            | Self::Ledger(_)
            | Self::Listen(_)
            | Self::Effects(..)
            | Self::Serve(_) => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBuilt(what) => write!(f, "this build has no {what}"),
            Self::Store(error) => write!(f, "the store cannot be opened: {error}"),
            Self::Url(error) => write!(f, "the store cannot be opened: its URL cannot be read: {error}"),
            Self::Ledger(error) => write!(f, "the ledger cannot be created: {error}"),
            Self::Listen(error) => write!(f, "cannot listen: {error}"),
            Self::Effects(path, error) => write!(f, "cannot write effects to {}: {error}", path.display()),
            Self::Serve(error) => write!(f, "stopped serving: {error}"),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
