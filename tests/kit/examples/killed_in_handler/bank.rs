//! A service that is not idempotent: each order to charge is a charge.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Charges are lines of a file, so that they outlive the process that orders them.
#[derive(Debug, Clone)]
pub(crate) struct Bank(PathBuf);

impl Bank {
    pub(crate) fn at(place: &Path) -> Self {
        Self(place.join("charges"))
    }

    pub(crate) fn charge(&self, reference: &str, amount: &str) -> io::Result<()> {
        let mut file: File = OpenOptions::new().create(true).append(true).open(&self.0)?;
        file.write_all(format!("{reference} {amount}\n").as_bytes())
    }

    /// The amount that was charged under `reference`.
    pub(crate) fn find(&self, reference: &str) -> io::Result<Option<String>> {
        let of = |line: &str| Some(line.strip_prefix(reference)?.trim().to_owned());
        Ok(self.read()?.lines().find_map(of))
    }

    pub(crate) fn charges(&self) -> io::Result<usize> {
        Ok(self.read()?.lines().count())
    }

    fn read(&self) -> io::Result<String> {
        match std::fs::read_to_string(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            read => read,
        }
    }
}
