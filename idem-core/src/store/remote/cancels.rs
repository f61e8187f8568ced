//! Statements that were given up, ended on the server as well.
//!
//! A server does not notice at once that its client has gone: a statement that waits would keep its connection, and
//! its locks. It is ended by way of another connection: best effort, in the background, a few at a time, never longer
//! than an answer may take.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::driver::Driver;
use super::thread::Thread;

/// The most that wait for their end; what is given up beyond them ends by itself.
const MOST: usize = 64;

#[derive(Debug)]
pub(super) struct Cancels<D: Driver> {
    driver: Arc<D>,
    thread: Arc<Thread>,
    timeout: Duration,
    state: Mutex<State<D::Session>>,
}

#[derive(Debug)]
struct State<S> {
    sessions: Vec<S>,
    /// A task looks after them.
    running: bool,
}

impl<D: Driver> Cancels<D> {
    pub(super) const fn new(driver: Arc<D>, thread: Arc<Thread>, timeout: Duration) -> Self {
        Self { driver, thread, timeout, state: Mutex::new(State { sessions: Vec::new(), running: false }) }
    }

    /// Ends what runs in the session, soon.
    pub(super) fn add(self: &Arc<Self>, session: D::Session) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.sessions.len() >= MOST {
            return;
        }
        state.sessions.push(session);
        if state.running {
            return;
        }
        state.running = true;
        drop(state);
        match self.thread.runtime() {
            Ok(runtime) => drop(runtime.spawn(Running(Arc::clone(self)).run())),
            Err(_) => drop(Running(Arc::clone(self))),
        }
    }
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
impl<D: Driver> crate::store::Cancel for Cancels<D> {
    fn cancel(self: Arc<Self>, transaction: u64) {
        if let Some(session) = D::session_of(transaction) {
            self.add(session);
        }
    }
}

struct Running<D: Driver>(Arc<Cancels<D>>);

impl<D: Driver> Running<D> {
    async fn run(self) {
        let cancels = &*self.0;
        loop {
            let sessions = {
                let mut state = cancels.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.running = !state.sessions.is_empty();
                std::mem::take(&mut state.sessions)
            };
            if sessions.is_empty() {
                return;
            }
            let ended = tokio::time::timeout(cancels.timeout, end(&*cancels.driver, &sessions)).await;
            if !matches!(ended, Ok(Ok(()))) {
                tracing::debug!(count = sessions.len(), "statements that were given up could not be ended");
            }
        }
    }
}

async fn end<D: Driver>(driver: &D, sessions: &[D::Session]) -> Result<(), super::failure::DriverFault> {
    let mut link = driver.connect().await?;
    for session in sessions {
        driver.end(&mut link, session).await?;
    }
    driver.close(link).await;
    Ok(())
}

impl<D: Driver> Drop for Running<D> {
    /// Also when its runtime ends.
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).running = false;
    }
}
