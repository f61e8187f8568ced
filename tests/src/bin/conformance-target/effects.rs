//! Where runs leave their mark: in memory, or in a file that outlives the process and may be shared.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::counts::{Counts, Effect};
use crate::failure::Failure;

#[derive(Debug)]
pub(crate) enum Effects {
    Memory(Mutex<Counts>),
    File { path: PathBuf, file: Arc<File> },
}

impl Effects {
    pub(crate) fn new(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::Memory(Mutex::default())) };
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|error| Failure::Effects(path.to_owned(), error))?;
        Ok(Self::File { path: path.to_owned(), file: Arc::new(file) })
    }

    /// Comes back once the effect survives the process.
    pub(crate) async fn record(&self, effect: Effect) -> io::Result<()> {
        match self {
            Self::Memory(counts) => {
                counts.lock().unwrap_or_else(PoisonError::into_inner).add(&effect);
                Ok(())
            }
            Self::File { file, .. } => {
                let file = Arc::clone(file);
                blocking(move || {
                    // One write in append mode: lines of several processes do not mix.
                    (&*file).write_all(effect.to_line().as_bytes())?;
                    file.sync_data()
                })
                .await
            }
        }
    }

    pub(crate) async fn counts(&self) -> io::Result<Counts> {
        match self {
            Self::Memory(counts) => Ok(counts.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            Self::File { path, .. } => {
                let path = path.clone();
                let text = blocking(move || std::fs::read_to_string(path)).await?;
                let mut counts = Counts::default();
                for effect in text.lines().filter_map(Effect::from_line) {
                    counts.add(&effect);
                }
                Ok(counts)
            }
        }
    }

    pub(crate) async fn reset(&self) -> io::Result<()> {
        match self {
            Self::Memory(counts) => {
                *counts.lock().unwrap_or_else(PoisonError::into_inner) = Counts::default();
                Ok(())
            }
            Self::File { file, .. } => {
                let file = Arc::clone(file);
                blocking(move || file.set_len(0)).await
            }
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
