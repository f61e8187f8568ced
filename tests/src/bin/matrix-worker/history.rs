//! Writes the events of a worker down.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use idem_tests::matrix::Event;

#[derive(Debug, Clone)]
pub(crate) struct History {
    path: PathBuf,
    file: Arc<File>,
}

impl History {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { path: path.to_owned(), file: Arc::new(file) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Comes back once the event survives the process, and the driver is told. The driver writes down what it only
    /// hears by [`report`].
    pub(crate) fn record(&self, event: &Event) {
        // One write in append mode: lines of several processes do not mix.
        let written = (&*self.file).write_all(line(event).as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // A history must not say less than what happened.
            eprintln!("matrix-worker: an event cannot be recorded: {error}");
            std::process::exit(1);
        }
        report(event);
    }
}

/// Tells the driver.
pub(crate) fn report(event: &Event) {
    let mut out = io::stdout().lock();
    if out.write_all(line(event).as_bytes()).and_then(|()| out.flush()).is_err() {
        // The test does not read any more.
        std::process::exit(0);
    }
}

fn line(event: &Event) -> String {
    serde_json::to_string(event).map_or_else(|error| format!("{error}\n"), |text| text + "\n")
}
