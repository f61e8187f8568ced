//! A call on a connection, repeated where that is safe and helps.

use std::sync::Arc;
use std::time::Duration;

use super::call::Call;
use super::cancels::Cancels;
use super::driver::Driver;
use super::failure::{Failure, Fault};
use super::links::{Held, Links};
use super::thread::Thread;
use crate::store::StoreErrorKind;

/// How often the server may undo a call because of somebody else.
const CONFLICTS: u32 = 16;

#[derive(Debug)]
pub(super) struct Exchange<D: Driver> {
    driver: Arc<D>,
    links: Links<D::Link>,
    cancels: Arc<Cancels<D>>,
    /// How long a connection or a reply may take.
    timeout: Duration,
}

/// Why a call got no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// Whatever is asked now fails the same way.
    Down(Failure),
    /// What this call asks is refused; another one may not be.
    Refused(Failure),
}

impl Unanswered {
    pub(super) const fn failure(&self) -> &Failure {
        match self {
            Self::Down(failure) | Self::Refused(failure) => failure,
        }
    }
}

impl<D: Driver> Exchange<D> {
    /// `most`: how many connections are in use at once, at most.
    pub(super) fn new(driver: D, thread: Arc<Thread>, timeout: Duration, most: usize) -> Self {
        let driver = Arc::new(driver);
        let cancels = Arc::new(Cancels::new(Arc::clone(&driver), thread, timeout));
        Self { driver, links: Links::new(most), cancels, timeout }
    }

    /// How long the calls of one batch may take before no more are sent: more than two waits for a lock, of which a
    /// server may count one in whole seconds.
    pub(super) fn budget(&self) -> Duration {
        (self.timeout / 2).saturating_mul(3)
    }

    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(super) fn driver(&self) -> &D {
        &self.driver
    }

    /// Puts the call. If a connection breaks under it, which is how a server that was restarted shows on one that lay
    /// idle, it is put once more on a new one: every call can be repeated, and a write waits for its lost twin.
    pub(super) async fn put<C: Call<D>>(&self, call: &C) -> Result<C::Answer, Unanswered> {
        let mut lost: Option<Failure> = None;
        let mut conflicts = 0;
        loop {
            let held = match self.link(lost.is_some()).await {
                Ok(held) => held,
                Err(fault) => return Err(unanswered::<C, D>(fault, lost.is_some())),
            };
            let mut busy = Busy { held: Some(held), exchange: self };
            let answer = match &mut busy.held {
                Some(held) => {
                    tokio::time::timeout(self.timeout, call.put(&self.driver, &mut held.link)).await
                }
                // Not before it is taken out below.
                None => return Err(unanswered::<C, D>(self.late(), true)),
            };
            let Ok(answer) = answer else {
                // The connection is dropped with whatever may still come from it.
                return Err(unanswered::<C, D>(self.late(), true));
            };
            let held = busy.held.take();
            match answer {
                Ok(answer) => {
                    self.keep(held).await;
                    return Ok(answer);
                }
                Err(Fault::Again(_)) if conflicts < CONFLICTS => {
                    conflicts += 1;
                    self.keep(held).await;
                    tokio::task::yield_now().await;
                }
                Err(Fault::Broken(failure)) if lost.is_none() => {
                    drop(held);
                    // Those that lay beside it are no better.
                    drop(self.links.clear());
                    lost = Some(failure);
                }
                Err(fault) => {
                    if let Fault::Refused(_) | Fault::Again(_) = fault {
                        self.keep(held).await;
                    }
                    return Err(unanswered::<C, D>(fault, lost.is_some()));
                }
            }
        }
    }

    fn late(&self) -> Fault {
        let message = format!("the database did not answer within {:?}", self.timeout);
        Fault::Broken(Failure::new(StoreErrorKind::Undecided, message))
    }

    /// Closes the connections that nobody uses.
    pub(super) async fn close(&self) {
        for held in self.links.clear() {
            self.hang_up(held).await;
        }
    }

    async fn link(&self, new: bool) -> Result<Held<D::Link>, Fault> {
        if !new && let Some(held) = self.links.take() {
            return Ok(held);
        }
        let place = self.links.place();
        let connected = tokio::time::timeout(self.timeout, self.driver.connect()).await;
        let link = connected.unwrap_or_else(|_| {
            let late = format!("the database did not let us in within {:?}", self.timeout);
            Err(Fault::Unreached(Failure::new(StoreErrorKind::Unavailable, late)))
        })?;
        Ok(place.fill(link))
    }

    async fn keep(&self, held: Option<Held<D::Link>>) {
        if let Some(held) = held.and_then(|held| self.links.give_back(held)) {
            self.hang_up(held).await;
        }
    }

    /// The server finds out sooner or later, so this takes no longer than an answer.
    async fn hang_up(&self, held: Held<D::Link>) {
        let (link, _place) = held.into_parts();
        let _late = tokio::time::timeout(self.timeout, self.driver.hang_up(link)).await;
    }
}

/// A connection on which a call is under way. If that is given up, it is ended on the server as well.
struct Busy<'e, D: Driver> {
    held: Option<Held<D::Link>>,
    exchange: &'e Exchange<D>,
}

impl<D: Driver> Drop for Busy<'_, D> {
    fn drop(&mut self) {
        let Some(held) = self.held.take() else { return };
        let session = self.exchange.driver.session(&held.link);
        drop(held);
        if let Some(session) = session {
            self.exchange.cancels.add(session);
        }
    }
}

/// `lost`: an earlier try of the same call may have been applied.
fn unanswered<C: Call<D>, D: Driver>(fault: Fault, lost: bool) -> Unanswered {
    let may_be_applied = C::WRITES && (lost || matches!(fault, Fault::Broken(_)));
    let refused = matches!(fault, Fault::Refused(_));
    let transient = !matches!(fault, Fault::Unreached(_) | Fault::Shut(_) | Fault::Refused(_));
    let failure = fault.into_failure();
    let failure = match (may_be_applied, transient) {
        (true, _) => failure.undecided(),
        (false, true) => failure.unavailable(),
        (false, false) => failure,
    };
    if refused { Unanswered::Refused(failure) } else { Unanswered::Down(failure) }
}
