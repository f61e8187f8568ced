//! A thread of its own that serves what waits for it.
//!
//! Nothing here needs the caller's runtime: a store answers while that is blocked, and a dropped caller leaves the
//! connection alone.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::thread;

use tokio::sync::{mpsc, oneshot, watch};

use super::error::Failure;
use crate::store::{StoreError, StoreErrorKind};

/// What a worker's thread does.
pub(super) trait Desk {
    type Job: Send + 'static;

    /// Serves everything that waited.
    fn serve(&mut self, jobs: Vec<Self::Job>);

    /// Comes after the last job.
    fn close(self);
}

/// The way to a thread. Dropped, the thread ends once it has served what was sent.
pub(super) struct Worker<J> {
    jobs: Mutex<Option<mpsc::UnboundedSender<J>>>,
    ended: watch::Receiver<()>,
}

impl<J: Send + 'static> Worker<J> {
    /// Starts the thread, and returns once `open` has succeeded in it.
    pub(super) async fn start<D, O>(name: &str, open: O) -> Result<Self, StoreError>
    where
        D: Desk<Job = J>,
        O: FnOnce() -> Result<D, Failure> + Send + 'static,
    {
        let (jobs, inbox) = mpsc::unbounded_channel();
        let (end, ended) = watch::channel(());
        let (opened, ready) = oneshot::channel();
        let body = move || {
            // Dropped with the thread, which is how `close` learns of its end.
            let _end = end;
            work(open, opened, inbox);
        };
        thread::Builder::new().name(name.to_owned()).spawn(body).map_err(no_thread)?;
        match ready.await {
            Ok(result) => result?,
            Err(_) => {
                return Err(StoreError::new(StoreErrorKind::Unavailable, "the store's thread ended at once"));
            }
        }
        Ok(Self { jobs: Mutex::new(Some(jobs)), ended })
    }

    /// Hands over a job. An error says that nothing was handed over.
    pub(super) fn send(&self, job: J) -> Result<(), StoreError> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        match jobs.as_ref().map(|jobs| jobs.send(job)) {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => Err(StoreError::new(StoreErrorKind::Unavailable, "the store is closed")),
        }
    }

    /// Takes no more jobs, and returns when the thread has served the rest and ended.
    pub(super) async fn close(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.ended().await;
    }

    /// Returns when the thread has ended.
    pub(super) fn ended(&self) -> impl Future<Output = ()> + use<J> {
        let mut ended = self.ended.clone();
        // Nothing is ever sent: that the channel closes is the news.
        async move { ended.changed().await.unwrap_or_default() }
    }
}

fn work<D: Desk>(
    open: impl FnOnce() -> Result<D, Failure>,
    opened: oneshot::Sender<Result<(), StoreError>>,
    mut inbox: mpsc::UnboundedReceiver<D::Job>,
) {
    let mut desk = match open() {
        Ok(desk) => desk,
        Err(failure) => {
            let _ignored = opened.send(Err(failure.to_error()));
            return;
        }
    };
    if opened.send(Ok(())).is_ok() {
        let mut jobs = Vec::new();
        while inbox.blocking_recv_many(&mut jobs, usize::MAX) > 0 {
            desk.serve(std::mem::take(&mut jobs));
        }
    }
    desk.close();
}

fn no_thread(error: std::io::Error) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "no thread could be started for the store")
        .with_source(error)
}

impl<J> fmt::Debug for Worker<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}
