//! The thread on which a store does what it does for several callers, or aside from them.
//!
//! It belongs to the store, so it is free even if all threads of the application are blocked, and what runs on it goes on
//! whether or not any caller polls its future. It is started by the first operation that needs it, and ends when the
//! store is gone and everything under way is done.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::{io, thread};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::store::{StoreError, StoreErrorKind};

#[derive(Debug)]
pub(super) struct Thread {
    running: Mutex<Option<Running>>,
    start: fn() -> io::Result<Running>,
}

#[derive(Debug)]
pub(super) struct Running {
    runtime: Handle,
    /// The thread ends when this is dropped.
    _stop: oneshot::Sender<()>,
}

impl Thread {
    pub(super) const fn new() -> Self {
        Self::starting(start)
    }

    pub(super) const fn starting(start: fn() -> io::Result<Running>) -> Self {
        Self { running: Mutex::new(None), start }
    }

    /// Where to spawn. Without a thread, the caller's own runtime takes its place.
    ///
    /// # Errors
    /// `Unavailable` if the system gives no thread, and the caller is in no runtime.
    pub(super) fn runtime(&self) -> Result<Handle, StoreError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &*running {
            return Ok(running.runtime.clone());
        }
        match (self.start)() {
            Ok(started) => Ok(running.insert(started).runtime.clone()),
            Err(error) => {
                tracing::error!(%error, "a store cannot start its thread: its callers' runtimes do its work");
                Handle::try_current().map_err(|_| {
                    let message = "the store cannot start its thread: the system has none left";
                    StoreError::new(StoreErrorKind::Unavailable, message).with_source(error)
                })
            }
        }
    }

    /// Runs `job` there. If the caller leaves, the job is dropped.
    ///
    /// # Errors
    /// The job's; `Undecided` if it panicked, or its runtime ended first.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut job = AbortOnDrop(self.runtime()?.spawn(job));
        (&mut job.0).await.unwrap_or_else(|_| Err(ended()))
    }
}

/// What a caller is told whose operation was cut off.
pub(super) fn ended() -> StoreError {
    let message = "the runtime that carried the operation ended before it was answered";
    StoreError::new(StoreErrorKind::Undecided, message)
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn start() -> io::Result<Running> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel();
    thread::Builder::new().name("idem-store".to_owned()).spawn(move || {
        // Ends with an error, since nothing is ever sent.
        let _dropped = runtime.block_on(stopped);
        // Not waiting for a name that is still being looked up.
        runtime.shutdown_background();
    })?;
    Ok(Running { runtime: handle, _stop: stop })
}
