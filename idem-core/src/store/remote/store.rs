//! The operations of [`Store`](crate::store::Store) over any driver.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::call::{self, Call};
use super::claims::Claims;
use super::driver::{Driver, End, Finish};
use super::exchange::Exchange;
use super::finishes::Finishes;
use super::queue::Queue;
use super::{renewals, verdicts};
use crate::address::Address;
use crate::protocol::{self, Claim, ClaimOutcome, Record, RenewOutcome, StateKind, WriteOutcome};
use crate::store::{
    Answers, Batch, Completion, Entry, Forgetting, Freeing, Page, Release, Renewal, Settlement, StoreError,
    StoreErrorKind, Surrender, Sweep, SweepCount,
};

/// What every store on a server does; each wraps one of these.
#[derive(Debug)]
pub(in crate::store) struct Remote<D: Driver> {
    exchange: Arc<Exchange<D>>,
    claims: Arc<Queue<Claims<D>>>,
    finishes: Arc<Queue<Finishes<D>>>,
    /// Keeps look-ups, lists and upkeep from opening more than a few connections.
    aside: Semaphore,
}

/// How a [`Remote`] uses its server.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Traffic {
    /// The most statements under way at once for claims, and as many for their ends.
    pub(in crate::store) lanes: usize,
    /// How long a connection or a reply may take.
    pub(in crate::store) timeout: Duration,
}

/// Connections for look-ups, lists and upkeep.
const ASIDE: usize = 2;
/// The most records that a sweep or a reaping touches in one statement.
const STEP: usize = 500;

impl<D: Driver> Remote<D> {
    pub(in crate::store) fn new(driver: D, traffic: Traffic) -> Self {
        let exchange = Arc::new(Exchange::new(driver, traffic.timeout));
        Self {
            claims: Queue::new(Claims(Arc::clone(&exchange)), traffic.lanes),
            finishes: Queue::new(Finishes(Arc::clone(&exchange)), traffic.lanes),
            exchange,
            aside: Semaphore::new(ASIDE),
        }
    }

    pub(in crate::store) async fn claim(&self, claim: Claim) -> Result<ClaimOutcome, StoreError> {
        self.claims.put(claim).await
    }

    pub(in crate::store) async fn claim_batch(&self, batch: Batch<Claim>) -> Answers<ClaimOutcome> {
        self.claims.put_all(batch).await
    }

    pub(in crate::store) async fn complete(
        &self,
        completion: Completion,
    ) -> Result<WriteOutcome, StoreError> {
        self.finishes.put(completion.into()).await
    }

    pub(in crate::store) async fn complete_batch(&self, batch: Batch<Completion>) -> Answers<WriteOutcome> {
        self.finishes.put_all(batch.map(Finish::from)).await
    }

    pub(in crate::store) async fn release(&self, release: Release) -> Result<WriteOutcome, StoreError> {
        self.finishes.put(release.into()).await
    }

    pub(in crate::store) async fn release_batch(&self, batch: Batch<Release>) -> Answers<WriteOutcome> {
        self.finishes.put_all(batch.map(Finish::from)).await
    }

    pub(in crate::store) async fn mark_unknown(
        &self,
        surrender: Surrender,
    ) -> Result<WriteOutcome, StoreError> {
        self.finishes.put(surrender.into()).await
    }

    pub(in crate::store) async fn mark_unknown_batch(
        &self,
        batch: Batch<Surrender>,
    ) -> Answers<WriteOutcome> {
        self.finishes.put_all(batch.map(Finish::from)).await
    }

    pub(in crate::store) async fn renew(&self, batch: Batch<Renewal>) -> Answers<RenewOutcome> {
        renewals::renew(&self.exchange, batch).await
    }

    pub(in crate::store) async fn look_up(&self, address: Address) -> Result<Option<Record>, StoreError> {
        let _turn = self.turn().await?;
        let found = verdicts::look_up(&self.exchange, address).await?;
        Ok(found.map(|(record, _)| *record))
    }

    pub(in crate::store) async fn settle(&self, settlement: Settlement) -> Result<WriteOutcome, StoreError> {
        let _turn = self.turn().await?;
        let Settlement { address, seen, verdict, order, retention } = settlement;
        verdicts::decide(&self.exchange, address, |record, now| {
            protocol::settle(record, seen, &verdict, &order, retention, now)
        })
        .await
    }

    pub(in crate::store) async fn free(&self, freeing: Freeing) -> Result<WriteOutcome, StoreError> {
        let _turn = self.turn().await?;
        let Freeing { address, seen, order, retention } = freeing;
        verdicts::decide(&self.exchange, address, |record, now| {
            protocol::free(record, seen, &order, retention, now)
        })
        .await
    }

    pub(in crate::store) async fn forget(&self, forgetting: Forgetting) -> Result<WriteOutcome, StoreError> {
        let _turn = self.turn().await?;
        let Forgetting { address, seen } = forgetting;
        verdicts::decide(&self.exchange, address, |record, _| protocol::forget(record, seen)).await
    }

    pub(in crate::store) async fn sweep(&self, sweep: Sweep) -> Result<SweepCount, StoreError> {
        let mut total = SweepCount::default();
        let mut left = sweep.limit;
        while left > 0 {
            let step = Sweep { limit: left.min(STEP), ..sweep };
            let count = match self.aside(&call::SweepUp(&step)).await {
                Ok(count) => count,
                // What was moved is moved, so "nothing was applied" would be untrue.
                Err(_) if total != SweepCount::default() => break,
                Err(error) => return Err(error),
            };
            total.unknown += count.unknown;
            total.released += count.released;
            let moved = count.unknown + count.released;
            left = left.saturating_sub(moved);
            if moved < step.limit {
                break;
            }
        }
        Ok(total)
    }

    pub(in crate::store) async fn reap(&self, limit: usize) -> Result<usize, StoreError> {
        let mut total = 0;
        while total < limit {
            let step = (limit - total).min(STEP);
            let reaped = match self.aside(&call::Reap(step)).await {
                Ok(reaped) => reaped,
                Err(_) if total > 0 => break,
                Err(error) => return Err(error),
            };
            total += reaped;
            if reaped < step {
                break;
            }
        }
        Ok(total)
    }

    pub(in crate::store) async fn list(&self, page: Page) -> Result<Vec<Entry>, StoreError> {
        if page.limit == 0 {
            return Ok(Vec::new());
        }
        self.aside(&call::List(&page)).await
    }

    pub(in crate::store) async fn count(&self, state: StateKind) -> Result<u64, StoreError> {
        self.aside(&call::Count(state)).await
    }

    /// Closes the connections that nobody uses. Those in use close as they are given up.
    pub(in crate::store) async fn close(&self) {
        self.exchange.close().await;
    }

    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(in crate::store) fn driver(&self) -> &D {
        self.exchange.driver()
    }

    async fn aside<C: Call<D>>(&self, call: &C) -> Result<C::Answer, StoreError> {
        let _turn = self.turn().await?;
        self.exchange.put(call).await.map_err(|unanswered| unanswered.failure().to_error())
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        let closed = |_| StoreError::new(StoreErrorKind::Unavailable, "the store is closed");
        self.aside.acquire().await.map_err(closed)
    }
}

impl From<Completion> for Finish {
    fn from(completion: Completion) -> Self {
        let Completion { address, owner, reply, retention } = completion;
        Self { address, owner, end: End::Done { reply, retention } }
    }
}

impl From<Release> for Finish {
    fn from(release: Release) -> Self {
        let Release { address, owner, retention } = release;
        Self { address, owner, end: End::Released { retention } }
    }
}

impl From<Surrender> for Finish {
    fn from(surrender: Surrender) -> Self {
        Self { address: surrender.address, owner: surrender.owner, end: End::Unknown }
    }
}

/// Every operation of [`Store`](crate::store::Store), passed on to the field `remote`.
macro_rules! store_by_remote {
    ($store:ty $(: $($more:tt)*)?) => {
        impl $crate::store::Store for $store {
            $($($more)*)?
            $crate::store::remote::store::store_by_remote! {@
                claim($crate::protocol::Claim) -> Result<$crate::protocol::ClaimOutcome, $crate::store::StoreError>;
                complete($crate::store::Completion) -> Result<$crate::protocol::WriteOutcome, $crate::store::StoreError>;
                release($crate::store::Release) -> Result<$crate::protocol::WriteOutcome, $crate::store::StoreError>;
                mark_unknown($crate::store::Surrender) -> Result<$crate::protocol::WriteOutcome, $crate::store::StoreError>;
                renew($crate::store::Batch<$crate::store::Renewal>) -> $crate::store::Answers<$crate::protocol::RenewOutcome>;
                look_up($crate::Address) -> Result<Option<$crate::protocol::Record>, $crate::store::StoreError>;
                sweep($crate::store::Sweep) -> Result<$crate::store::SweepCount, $crate::store::StoreError>;
                reap(usize) -> Result<usize, $crate::store::StoreError>;
                list($crate::store::Page) -> Result<Vec<$crate::store::Entry>, $crate::store::StoreError>;
                count($crate::protocol::StateKind) -> Result<u64, $crate::store::StoreError>;
                settle($crate::store::Settlement) -> Result<$crate::protocol::WriteOutcome, $crate::store::StoreError>;
                free($crate::store::Freeing) -> Result<$crate::protocol::WriteOutcome, $crate::store::StoreError>;
                forget($crate::store::Forgetting) -> Result<$crate::protocol::WriteOutcome, $crate::store::StoreError>;
                claim_batch($crate::store::Batch<$crate::protocol::Claim>) -> $crate::store::Answers<$crate::protocol::ClaimOutcome>;
                complete_batch($crate::store::Batch<$crate::store::Completion>) -> $crate::store::Answers<$crate::protocol::WriteOutcome>;
                release_batch($crate::store::Batch<$crate::store::Release>) -> $crate::store::Answers<$crate::protocol::WriteOutcome>;
                mark_unknown_batch($crate::store::Batch<$crate::store::Surrender>) -> $crate::store::Answers<$crate::protocol::WriteOutcome>;
            }
        }
    };
    (@ $($name:ident($request:ty) -> $answer:ty;)*) => {
        $(fn $name(&self, request: $request) -> $crate::store::BoxFuture<'_, $answer> {
            Box::pin(self.remote.$name(request))
        })*
    };
}
pub(in crate::store) use store_by_remote;
