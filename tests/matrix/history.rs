//! A history: a file to which a driver and its workers append.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use idem_tests::matrix::{Event, read};

#[derive(Debug, Clone)]
pub(crate) struct History {
    path: PathBuf,
    file: Arc<File>,
}

impl History {
    pub(crate) fn new(path: PathBuf) -> Self {
        let file = OpenOptions::new().create_new(true).append(true).open(&path).expect("a new file");
        Self { path, file: Arc::new(file) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn append(&self, event: &Event) {
        let line = serde_json::to_string(event).expect("an event is JSON") + "\n";
        (&*self.file).write_all(line.as_bytes()).expect("a history can be written");
    }

    pub(crate) fn read(&self) -> Vec<Event> {
        read(&self.path).expect("a history can be read")
    }
}
