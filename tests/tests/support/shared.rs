//! A store and an effects file that several targets share.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::Target;

/// Removed when dropped.
#[derive(Debug)]
pub(crate) struct Shared {
    directory: TempDir,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self { directory: TempDir::new().expect("a directory") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("idem.db")
    }

    pub(crate) fn store(&self) -> String {
        format!("sqlite:{}", self.database().display())
    }

    /// One more target on the same records and counts.
    pub(crate) fn start(&self, arguments: &[&str]) -> Target {
        let (store, effects) = (self.store(), self.path().join("effects"));
        let effects = effects.to_str().expect("a path that is text");
        let mut all = vec!["--store", &store, "--effects", effects];
        all.extend_from_slice(arguments);
        Target::start(&all)
    }
}
