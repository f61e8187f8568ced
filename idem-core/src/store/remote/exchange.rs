//! A call on a connection, repeated where that is safe and helps.

use std::sync::Arc;
use std::time::Duration;

use super::cancels::Cancels;
use super::driver::Driver;
use super::failure::{DriverFault, Failure};
use super::links::{Held, Links};
use super::statement::Statement;
use super::thread::Thread;
use crate::address::Address;
use crate::store::{StoreError, StoreErrorKind};

/// How often the server may undo a call in favour of another transaction.
const CONFLICTS: u32 = 16;

/// From this many bytes of replies on, a server, or something on the way to it, may hang up because of their length: the
/// lowest bound that is configured anywhere (Redis: `proto-max-bulk-len` is 1 MiB or more), with room.
const LONG: usize = 1 << 19;

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
    /// Every call fails the same way now.
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

    /// The same, of a call before which another was sent that writes.
    pub(super) fn sent(self) -> Self {
        Self::Down(self.failure().clone().undecided())
    }

    /// The error of a look that was to tell what became of a write: what it does not tell is not known.
    pub(super) fn after_a_write(&self) -> StoreError {
        self.failure().clone().undecided().to_error()
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
    pub(super) fn driver(&self) -> &Arc<D> {
        &self.driver
    }

    /// What ends the statements of transactions that are given up.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(super) fn canceller(&self) -> Arc<dyn crate::store::Cancel> {
        Arc::<Cancels<D>>::clone(&self.cancels)
    }

    /// Puts the call. If a connection breaks under the call, as an idle one does after a restart of the server, the call
    /// is put once more on a new one: every call can be repeated, and a repeated write waits for the lost one.
    pub(super) async fn send<C: Statement<D>>(&self, call: &C) -> Result<C::Answer, Unanswered> {
        let mut lost: Option<Failure> = None;
        let mut conflicts = 0;
        loop {
            let mut held = match self.link(lost.is_some()).await {
                Ok(held) => held,
                Err(fault) => return Err(unanswered::<C, D>(fault, lost.is_some())),
            };
            let given_up = GivenUp { session: self.driver.session(&held.link), cancels: &self.cancels };
            let answer = tokio::time::timeout(self.timeout, call.execute(&self.driver, &mut held.link)).await;
            let Ok(answer) = answer else {
                // The connection is dropped with any answer that may still come.
                let message = format!("the database did not answer within {:?}", self.timeout);
                let late = DriverFault::Broken(Failure::new(StoreErrorKind::Undecided, message));
                return Err(unanswered::<C, D>(late, true));
            };
            given_up.disarm();
            match answer {
                Ok(answer) => {
                    self.keep(held).await;
                    return Ok(answer);
                }
                Err(DriverFault::Again(_)) if conflicts < CONFLICTS => {
                    conflicts += 1;
                    self.keep(held).await;
                    tokio::task::yield_now().await;
                }
                Err(DriverFault::Broken(failure)) if lost.is_some() && call.replies() >= LONG => {
                    drop(held);
                    if self.is_alive().await {
                        return Err(Unanswered::Refused(too_long(&failure)));
                    }
                    return Err(unanswered::<C, D>(DriverFault::Broken(failure), true));
                }
                Err(DriverFault::Broken(failure)) if lost.is_none() => {
                    drop(held);
                    // Those that lay beside it are no better.
                    drop(self.links.clear());
                    lost = Some(failure);
                }
                Err(fault) => {
                    if let DriverFault::Refused(_) | DriverFault::Again(_) = fault {
                        self.keep(held).await;
                    }
                    return Err(unanswered::<C, D>(fault, lost.is_some()));
                }
            }
        }
    }

    /// Whether the server answers another question, on a new connection.
    async fn is_alive(&self) -> bool {
        let Ok(mut held) = self.link(true).await else { return false };
        let nothing = [Address::from_bytes([0; 32])];
        let asked = tokio::time::timeout(self.timeout, self.driver.load(&mut held.link, &nothing)).await;
        let answered = matches!(asked, Ok(Ok(_)));
        if answered {
            self.keep(held).await;
        }
        answered
    }

    /// Closes the idle connections.
    pub(super) async fn close(&self) {
        for held in self.links.clear() {
            self.close_connection(held).await;
        }
    }

    async fn link(&self, new: bool) -> Result<Held<D::Link>, DriverFault> {
        if !new && let Some(held) = self.links.take() {
            return Ok(held);
        }
        let place = self.links.place();
        let connected = tokio::time::timeout(self.timeout, self.driver.connect()).await;
        let link = connected.unwrap_or_else(|_| {
            let late = format!("the database did not let us in within {:?}", self.timeout);
            Err(DriverFault::Unreached(Failure::new(StoreErrorKind::Unavailable, late)))
        })?;
        Ok(place.fill(link))
    }

    async fn keep(&self, held: Held<D::Link>) {
        if let Some(held) = self.links.give_back(held) {
            self.close_connection(held).await;
        }
    }

    /// The server finds out sooner or later, so this takes no longer than an answer.
    async fn close_connection(&self, held: Held<D::Link>) {
        let (link, _place) = held.into_parts();
        let _late = tokio::time::timeout(self.timeout, self.driver.close(link)).await;
    }
}

/// Of a call on which two connections broke while the server answers others. Should one copy have arrived all the same,
/// its record says so to the write that comes instead.
fn too_long(broke: &Failure) -> Failure {
    let message = "the connection breaks whenever this reply is sent, and only then: the server, or something on the way \
                   to it, does not take as much; cap replies";
    Failure::new(StoreErrorKind::Unstorable, message).with_source(broke.to_error())
}

/// Ends a call on the server if it is dropped before the call is answered: its caller gave it up.
struct GivenUp<'e, D: Driver> {
    session: Option<D::Session>,
    cancels: &'e Arc<Cancels<D>>,
}

impl<D: Driver> GivenUp<'_, D> {
    fn disarm(mut self) {
        self.session = None;
    }
}

impl<D: Driver> Drop for GivenUp<'_, D> {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.cancels.add(session);
        }
    }
}

/// `lost`: an earlier try of the same call may have been applied. Once a write was sent, only an answer that says so
/// means that nothing was applied.
fn unanswered<C: Statement<D>, D: Driver>(fault: DriverFault, lost: bool) -> Unanswered {
    let may_be_applied =
        C::WRITES && (lost || matches!(fault, DriverFault::Broken(_) | DriverFault::Unread(_)));
    let refused = matches!(fault, DriverFault::Refused(_));
    let transient = matches!(fault, DriverFault::Broken(_) | DriverFault::Again(_));
    let failure = fault.into_failure();
    let failure = match (may_be_applied, transient) {
        (true, _) => failure.undecided(),
        (false, true) => failure.unavailable(),
        (false, false) => failure,
    };
    if refused { Unanswered::Refused(failure) } else { Unanswered::Down(failure) }
}
