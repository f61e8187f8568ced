//! A verify hook that looks up the effects of an operation.

use std::sync::{Arc, Mutex, PoisonError};

use idem_core::Address;
use idem_core::fault::{self, Fault, Guard, points};
use idem_core::verify::{Unsettled, Verification, Verify, VerifyError};
use idem_tests::matrix::{Call, Event, Paid, happened, read};

use crate::history::History;
use crate::kinds;

#[derive(Debug, Clone)]
pub(crate) struct Hook {
    store: String,
    history: History,
    /// Says when the verdict has been written.
    given: Arc<Mutex<Option<Guard>>>,
}

impl Hook {
    pub(crate) fn new(store: String, history: History) -> Self {
        Self { store, history, given: Arc::default() }
    }

    fn says(&self, key: &str, happened: bool) {
        self.history.record(&Event::Verdict { key: key.to_owned(), happened });
        let (history, given) = (self.history.clone(), Event::Given { key: key.to_owned() });
        let guard = fault::arm(points::VERIFY_SETTLE_AFTER, Fault::call(move || history.record(&given)));
        *self.given.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
    }
}

impl Verify for Hook {
    async fn verify(&self, unsettled: Unsettled) -> Result<Verification, VerifyError> {
        let events = read(self.history.path())?;
        let first = events.iter().find_map(|event| match event {
            Event::Invoked { call, .. } if address(call) == unsettled.address() => Some(call),
            _ => None,
        });
        // Of another history in this store.
        let Some(Call { key, say, kind, .. }) = first else { return Ok(Verification::CannotTell) };
        let happened = happened(&events, &self.store, key).await?;
        self.says(key, happened);
        let paid = Paid { run: "verdict".into(), key: key.clone(), say: say.clone() };
        Ok(if happened {
            Verification::Happened(kinds::reply(kind, &paid))
        } else {
            Verification::DidNotHappen
        })
    }
}

fn address(call: &Call) -> Address {
    Address::new("", call.scope().as_bytes(), &call.kind, call.sent_key().as_bytes())
}
