//! One caller's operation on one record, waiting for its round.

use tokio::sync::oneshot;

use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::Record;
use crate::store::{Addressed, StoreError, StoreErrorKind};

/// An operation that a round can try, more than once if need be, and then answer.
pub(super) trait Operation: Send {
    fn address(&self) -> Address;
    /// Decides, changes the record, and remembers the outcome in place of an earlier try's.
    fn apply(&mut self, record: &mut Option<Record>, now: Timestamp);
    /// Remembers an error in place of an outcome.
    fn refuse(&mut self, error: StoreError);
    /// Tells the caller, if it still listens. Only after the COMMIT.
    fn answer(self: Box<Self>);
}

/// A transition of [`protocol`](crate::protocol) with its request filled in.
pub(super) type Transition<R, T> = fn(&R, &mut Option<Record>, Timestamp) -> T;

/// Where the answer of an operation arrives.
pub(super) type Answer<T> = oneshot::Receiver<Result<T, StoreError>>;

/// Packs up an operation.
pub(super) fn operation<R, T>(request: R, transition: Transition<R, T>) -> (Box<dyn Operation>, Answer<T>)
where
    R: Addressed + Send + 'static,
    T: Send + 'static,
{
    let (caller, answer) = oneshot::channel();
    let verdict = Err(StoreError::new(StoreErrorKind::Undecided, "the operation was never tried"));
    (Box::new(Pending { request, transition, verdict, caller }), answer)
}

struct Pending<R, T> {
    request: R,
    transition: Transition<R, T>,
    verdict: Result<T, StoreError>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<R: Addressed + Send, T: Send> Operation for Pending<R, T> {
    fn address(&self) -> Address {
        self.request.address()
    }

    fn apply(&mut self, record: &mut Option<Record>, now: Timestamp) {
        self.verdict = Ok((self.transition)(&self.request, record, now));
    }

    fn refuse(&mut self, error: StoreError) {
        self.verdict = Err(error);
    }

    fn answer(self: Box<Self>) {
        // An error means that the caller was dropped, which is its right.
        let _ignored = self.caller.send(self.verdict);
    }
}
