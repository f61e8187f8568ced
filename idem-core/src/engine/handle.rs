//! The engine as its owners hold it: the handles and layers of a service.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Engine;

/// One owner of an engine. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct EngineHandle(Arc<Owners>);

#[derive(Debug)]
struct Owners(Arc<Engine>);

impl EngineHandle {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self(Arc::new(Owners(engine)))
    }
}

impl Deref for EngineHandle {
    type Target = Arc<Engine>;

    fn deref(&self) -> &Arc<Engine> {
        &self.0.0
    }
}

impl Drop for Owners {
    /// A service that ends without a drain leaves records whose outcome is unknown. Says so, since the loss is not visible
    /// otherwise before the first retry.
    fn drop(&mut self) {
        let running = self.0.flights.attempts();
        if running > 0 && !self.0.draining.load(Ordering::SeqCst) {
            tracing::error!(
                running,
                "the last `Idem` was dropped while operations run: their outcome becomes unknown if the process ends now; \
                 call `Idem::drain` first"
            );
        }
    }
}
