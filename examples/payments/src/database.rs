//! The database file with the idempotency records, and idem on it.

use std::path::PathBuf;
use std::time::Duration;

use idem_core::store::sqlite::SqliteStore;
use idem_core::{Idem, Scope};
use tempfile::TempDir;

use crate::Failure;
use crate::api::ACCOUNT;

/// Where the idempotency records are.
#[derive(Debug)]
pub(crate) enum Database {
    /// A file that stays.
    Given(PathBuf),
    /// A directory that goes when this value does, with the file and what the database puts beside it.
    Temporary(TempDir),
}

impl Database {
    /// Takes the given file, or makes a temporary place for one.
    pub(crate) fn at(given: Option<PathBuf>) -> std::io::Result<Self> {
        match given {
            Some(path) => Ok(Self::Given(path)),
            None => TempDir::with_prefix("payments-").map(Self::Temporary),
        }
    }

    /// Opens idem on it. Records of one namespace are unknown to the others; a duplicate waits up to `wait` for the
    /// running one's answer.
    pub(crate) async fn idem(&self, namespace: String, wait: Duration) -> Result<Idem, Failure> {
        let store = SqliteStore::open(self.file()).await?;
        let idem = Idem::builder(store).scope(Scope::header(ACCOUNT)).namespace(namespace).wait(wait);
        Ok(idem.build().erase())
    }

    fn file(&self) -> PathBuf {
        match self {
            Self::Given(file) => file.clone(),
            Self::Temporary(directory) => directory.path().join("idem.db"),
        }
    }
}
