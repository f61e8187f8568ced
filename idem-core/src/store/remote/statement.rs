//! The calls of a driver as values, so that one piece of code can send and repeat any of them.

use std::future::Future;

use super::driver::{Change, Driver, Finish, Found};
use super::failure::DriverFault;
use crate::address::Address;
use crate::protocol::{self, Claim, Namespace, Record, State};
use crate::store::{self, Entry, Page, Renewal, Sweep, SweepCount};

pub(super) trait Statement<D: Driver>: Sync {
    type Answer: Send;

    /// Whether a call whose reply was lost may have changed something.
    const WRITES: bool;

    fn execute(
        &self,
        driver: &D,
        link: &mut D::Link,
    ) -> impl Future<Output = Result<Self::Answer, DriverFault>> + Send;

    /// The bytes of all replies in it.
    fn replies(&self) -> usize {
        0
    }
}

macro_rules! calls {
    ($($name:ident($request:ty) = $method:ident -> $answer:ty, writes: $writes:literal $(, replies: $replies:ident)?;)*) => {$(
        #[derive(Debug)]
        pub(super) struct $name<'r>(pub(super) &'r $request);

        impl<D: Driver> Statement<D> for $name<'_> {
            type Answer = $answer;

            const WRITES: bool = $writes;

            async fn execute(&self, driver: &D, link: &mut D::Link) -> Result<$answer, DriverFault> {
                driver.$method(link, self.0).await
            }

            $(fn replies(&self) -> usize {
                $replies(self.0)
            })?
        }
    )*};
}

calls! {
    Claims([&'r Claim]) = claim -> Vec<Found>, writes: true;
    Finishes([&'r Finish]) = finish -> Vec<bool>, writes: true, replies: of_finishes;
    Load([Address]) = load -> Vec<Found>, writes: false;
    Alter(Change) = change -> bool, writes: true, replies: of_change;
    Renewals([&'r Renewal]) = renew -> Vec<bool>, writes: true;
    SweepUp(Sweep) = sweep -> SweepCount, writes: true;
    List(Page) = list -> Vec<Entry>, writes: false;
    Count(store::Count) = count -> u64, writes: false;
    Tally(Namespace) = tally -> protocol::Tally, writes: false;
}

fn of_finishes(finishes: &[&Finish]) -> usize {
    finishes.iter().filter_map(|finish| finish.end.reply()).map(|reply| reply.as_bytes().len()).sum()
}

fn of_change(change: &Change) -> usize {
    match change.after.as_deref() {
        Some(Record { state: State::Done { reply, .. }, .. }) => reply.as_bytes().len(),
        _ => 0,
    }
}

#[derive(Debug)]
pub(super) struct Reap(pub(super) usize);

impl<D: Driver> Statement<D> for Reap {
    type Answer = usize;

    const WRITES: bool = true;

    async fn execute(&self, driver: &D, link: &mut D::Link) -> Result<usize, DriverFault> {
        driver.reap(link, self.0).await
    }
}
