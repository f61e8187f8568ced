//! What the handlers of one process share.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::effects::Effects;
use crate::ledger::Ledger;

#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    effects: Effects,
    ledger: Ledger,
    runs: Mutex<HashMap<String, u64>>,
    revoked: Mutex<HashSet<String>>,
}

/// Whether an account may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Allowed,
    Revoked,
}

impl App {
    pub(crate) fn new(effects: Effects, ledger: Ledger) -> Self {
        Self(Arc::new(Inner { effects, ledger, runs: Mutex::default(), revoked: Mutex::default() }))
    }

    pub(crate) fn effects(&self) -> &Effects {
        &self.0.effects
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    /// Counts one more run of `handler` in this process, from 1.
    pub(crate) fn next_run(&self, handler: &str) -> u64 {
        let mut runs = locked(&self.0.runs);
        let run = runs.entry(handler.to_owned()).or_default();
        *run += 1;
        *run
    }

    pub(crate) fn standing(&self, account: &str) -> Standing {
        if locked(&self.0.revoked).contains(account) { Standing::Revoked } else { Standing::Allowed }
    }

    pub(crate) fn set_standing(&self, account: String, standing: Standing) {
        let mut revoked = locked(&self.0.revoked);
        match standing {
            Standing::Revoked => revoked.insert(account),
            Standing::Allowed => revoked.remove(&account),
        };
    }
}

/// A handler that panicked has not left these half-changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
