//! The runtime that a check runs on, and copies on threads of their own.

use std::panic::resume_unwind;
use std::sync::Barrier;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::in_time::PATIENCE;

/// Runs the futures of a check on threads that only poll: a thread beside them drives I/O, timers and what the
/// operation spawned.
pub(super) struct Driver(Handle);

impl Driver {
    /// Calls `work` with a runtime, on a thread that is in none yet.
    ///
    /// # Panics
    /// If `work` does.
    pub(super) fn with<T: Send>(work: impl FnOnce(&Self) -> T + Send) -> T {
        thread::scope(|scope| {
            let runtime = Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime needs a few file handles");
            let (driver, (running, mut ended)) = (Self(runtime.handle().clone()), mpsc::channel::<()>(1));
            scope.spawn(move || runtime.block_on(ended.recv()));
            let worker = scope.spawn(move || {
                let _until_the_end = running;
                work(&driver)
            });
            worker.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
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
        let (start, operation) = (&Barrier::new(copies), &operation);
        let copy = || {
            start.wait();
            self.run(operation())
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..copies).map(|_| scope.spawn(copy)).collect();
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
