//! Several operations at the same instant, on threads of their own.

use std::future::Future;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use idem_core::store::StoreError;

/// Starts all `tasks` at once, each on a thread of its own, and gives their answers in order.
///
/// The threads poll the tasks; the runtime's own thread, which waits here, drives their I/O and timers.
pub(super) async fn at_once<T, F>(tasks: Vec<F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(tasks.len()));
    let mut threads = Vec::with_capacity(tasks.len());
    for task in tasks {
        let (start, runtime) = (start.clone(), Handle::current());
        threads.push(spawn_blocking(move || {
            start.wait();
            runtime.block_on(task)
        }));
    }
    let mut answers = Vec::with_capacity(threads.len());
    for thread in threads {
        answers.push(thread.await.expect("an operation of the store panicked"));
    }
    answers
}

/// How often an operation that a busy store turned away is asked for again.
const TRIES: usize = 2_000;

/// Repeats `operation` unchanged while the store is too busy or cannot tell, as a caller must.
pub(super) async fn patiently<T, F>(operation: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T, StoreError>>,
{
    for _ in 0..TRIES {
        match operation().await {
            Ok(answer) => return answer,
            Err(error) if error.is_transient() => tokio::time::sleep(Duration::from_millis(2)).await,
            Err(error) => panic!("an operation failed for good amid others: {error:?}"),
        }
    }
    panic!("{TRIES} tries, and the store is still too busy")
}
