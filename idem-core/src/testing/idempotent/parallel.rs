//! The runtime that a check runs on, and copies on threads of their own.

use std::panic::resume_unwind;
use std::sync::Barrier;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::testing::run::PATIENCE;

/// Drives whatever a check does. One thread: the interleavings are the check's own.
pub(super) struct Driver(Runtime);

impl Driver {
    /// Calls `work` with a runtime, on a thread that is in none yet.
    ///
    /// # Panics
    /// If `work` does.
    pub(super) fn with<T: Send>(work: impl FnOnce(&Self) -> T + Send) -> T {
        let run = || {
            let runtime = Builder::new_current_thread().enable_all().build();
            work(&Self(runtime.expect("a runtime needs a few file handles")))
        };
        thread::scope(|scope| scope.spawn(run).join()).unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Runs `work` to its end.
    ///
    /// # Panics
    /// If it does, or hangs.
    pub(super) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.block_on(in_time(work))
    }

    /// Runs `copies` of an operation at the same instant, each on a thread of its own.
    ///
    /// # Panics
    /// If one does, or hangs.
    pub(super) fn run_at_once<T: Send>(
        &self,
        copies: usize,
        operation: impl AsyncFn() -> T + Sync,
    ) -> Vec<T> {
        let (start, (running, mut ended)) = (&Barrier::new(copies), mpsc::channel::<()>(1));
        let (operation, runtime) = (&operation, self.0.handle());
        thread::scope(|scope| {
            let threads: Vec<_> = (0..copies)
                .map(|_| {
                    let running = running.clone();
                    scope.spawn(move || {
                        let _running = running;
                        start.wait();
                        runtime.block_on(in_time(operation()))
                    })
                })
                .collect();
            drop(running);
            // Until the last has ended, this thread drives their I/O and timers.
            self.0.block_on(ended.recv());
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        })
    }
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("the operation hangs"))
}
