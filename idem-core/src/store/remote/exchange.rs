//! A call on a connection, repeated where that is safe and helps.

use std::time::Duration;

use super::call::Call;
use super::driver::Driver;
use super::failure::{Failure, Fault};
use super::links::{Held, Links};
use crate::store::StoreErrorKind;

/// How often the server may undo a call because of somebody else.
const CONFLICTS: u32 = 16;

#[derive(Debug)]
pub(super) struct Exchange<D: Driver> {
    driver: D,
    links: Links<D::Link>,
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
    pub(super) fn new(driver: D, timeout: Duration, most: usize) -> Self {
        Self { driver, links: Links::new(most), timeout }
    }

    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(super) const fn driver(&self) -> &D {
        &self.driver
    }

    /// Puts the call. If a connection breaks under it, which is how a server that was restarted shows on one that lay
    /// idle, it is put once more on a new one: every call can be repeated, and a write waits for its lost twin.
    pub(super) async fn put<C: Call<D>>(&self, call: &C) -> Result<C::Answer, Unanswered> {
        let mut lost: Option<Failure> = None;
        let mut conflicts = 0;
        loop {
            let mut link = match self.link(lost.is_some()).await {
                Ok(link) => link,
                Err(fault) => return Err(unanswered::<C, D>(fault, lost.is_some())),
            };
            let Ok(answer) = tokio::time::timeout(self.timeout, call.put(&self.driver, &mut link.link)).await
            else {
                // The connection is dropped with whatever may still come from it.
                let late = Failure::new(
                    StoreErrorKind::Undecided,
                    format!("the database did not answer within {:?}", self.timeout),
                );
                return Err(unanswered::<C, D>(Fault::Broken(late), true));
            };
            match answer {
                Ok(answer) => {
                    self.keep(link).await;
                    return Ok(answer);
                }
                Err(Fault::Again(_)) if conflicts < CONFLICTS => {
                    conflicts += 1;
                    self.keep(link).await;
                    tokio::task::yield_now().await;
                }
                Err(Fault::Broken(failure)) if lost.is_none() => {
                    drop(link);
                    // Those that lay beside it are no better.
                    drop(self.links.clear());
                    lost = Some(failure);
                }
                Err(fault) => {
                    if let Fault::Refused(_) | Fault::Again(_) = fault {
                        self.keep(link).await;
                    }
                    return Err(unanswered::<C, D>(fault, lost.is_some()));
                }
            }
        }
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

    async fn keep(&self, held: Held<D::Link>) {
        if let Some(held) = self.links.give_back(held) {
            self.hang_up(held).await;
        }
    }

    /// The server finds out sooner or later, so this takes no longer than an answer.
    async fn hang_up(&self, held: Held<D::Link>) {
        let _late = tokio::time::timeout(self.timeout, self.driver.hang_up(held.into_link())).await;
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
