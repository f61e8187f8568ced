//! The operations of [`Store`](crate::store::Store) over any driver.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::claims::ClaimWork;
use super::driver::{ClaimEnd, Driver, Finish};
use super::exchange::{Exchange, Unanswered};
use super::finishes::FinishWork;
use super::queue::Queue;
use super::statement;
use super::thread::Thread;
use super::{renewals, verdicts};
use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::{self, Claim, ClaimOutcome, Namespace, Record, RenewOutcome, Tally, WriteOutcome};
use crate::store::{
    Answers, Batch, Completion, Count, Entry, Forget, Free, MarkUnknown, Page, Release, Renewal, Settlement,
    StoreError, StoreErrorKind, Sweep, SweepCount,
};

/// What every store on a server does; each wraps one of these.
#[derive(Debug)]
pub(in crate::store) struct Remote<D: Driver> {
    exchange: Arc<Exchange<D>>,
    claims: Arc<Queue<ClaimWork<D>>>,
    finishes: Arc<Queue<FinishWork<D>>>,
    thread: Arc<Thread>,
    /// Keeps look-ups, lists and upkeep from opening more than a few connections.
    aside: Arc<Semaphore>,
    /// The same of renewals, which must not wait for those.
    renewing: Arc<Semaphore>,
}

/// How a [`Remote`] uses its server.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Traffic {
    /// The most statements under way at once for claims, and as many for their ends.
    pub(in crate::store) lanes: usize,
    /// How long a connection or a reply may take.
    pub(in crate::store) timeout: Duration,
}

impl Traffic {
    /// The most connections in use at once: what is under way for claims and for their ends, each with the one lane more
    /// that [`Queue`] may start, and what is beside them.
    const fn connections(&self) -> usize {
        let lanes = if self.lanes == 0 { 1 } else { self.lanes };
        lanes.saturating_add(1).saturating_mul(2).saturating_add(ASIDE + RENEWING)
    }
}

/// Connections for look-ups, lists and upkeep.
const ASIDE: usize = 2;
/// Connections for renewals.
const RENEWING: usize = 1;
/// The most records that a sweep or a reaping touches in one statement.
const STEP: usize = 500;

impl<D: Driver> Remote<D> {
    pub(in crate::store) fn new(driver: D, traffic: Traffic) -> Self {
        let thread = Arc::new(Thread::new());
        let most = traffic.connections();
        let exchange = Arc::new(Exchange::new(driver, Arc::clone(&thread), traffic.timeout, most));
        Self {
            claims: Queue::new(ClaimWork(Arc::clone(&exchange)), traffic.lanes, Arc::clone(&thread)),
            finishes: Queue::new(FinishWork(Arc::clone(&exchange)), traffic.lanes, Arc::clone(&thread)),
            exchange,
            thread,
            aside: Arc::new(Semaphore::new(ASIDE)),
            renewing: Arc::new(Semaphore::new(RENEWING)),
        }
    }

    /// See [`Exchange::canceller`].
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(in crate::store) fn canceller(&self) -> Arc<dyn crate::store::Cancel> {
        self.exchange.canceller()
    }

    pub(in crate::store) async fn claim(&self, claim: Claim) -> Result<ClaimOutcome, StoreError> {
        self.claims.enqueue(claim).await
    }

    pub(in crate::store) async fn claim_batch(&self, batch: Batch<Claim>) -> Answers<ClaimOutcome> {
        self.claims.enqueue_all(batch).await
    }

    pub(in crate::store) async fn complete(
        &self,
        completion: Completion,
    ) -> Result<WriteOutcome, StoreError> {
        self.finishes.enqueue(completion.into()).await
    }

    pub(in crate::store) async fn complete_batch(&self, batch: Batch<Completion>) -> Answers<WriteOutcome> {
        self.finishes.enqueue_all(batch.map(Finish::from)).await
    }

    pub(in crate::store) async fn release(&self, release: Release) -> Result<WriteOutcome, StoreError> {
        self.finishes.enqueue(release.into()).await
    }

    pub(in crate::store) async fn release_batch(&self, batch: Batch<Release>) -> Answers<WriteOutcome> {
        self.finishes.enqueue_all(batch.map(Finish::from)).await
    }

    pub(in crate::store) async fn mark_unknown(&self, mark: MarkUnknown) -> Result<WriteOutcome, StoreError> {
        self.finishes.enqueue(mark.into()).await
    }

    pub(in crate::store) async fn mark_unknown_batch(
        &self,
        batch: Batch<MarkUnknown>,
    ) -> Answers<WriteOutcome> {
        self.finishes.enqueue_all(batch.map(Finish::from)).await
    }

    pub(in crate::store) async fn renew(&self, batch: Batch<Renewal>) -> Answers<RenewOutcome> {
        let count = batch.len();
        let renewed = self
            .run(&self.renewing, move |exchange| async move { Ok(renewals::renew(&exchange, batch).await) });
        renewed.await.unwrap_or_else(|error| (0..count).map(|_| Err(error.share())).collect())
    }

    pub(in crate::store) async fn look_up(&self, address: Address) -> Result<Option<Record>, StoreError> {
        let looking = async move |exchange: Arc<Exchange<D>>| verdicts::look_up(&exchange, address).await;
        let found = self.run(&self.aside, looking).await?;
        Ok(found.map(|(record, _)| *record))
    }

    pub(in crate::store) async fn settle(&self, settlement: Settlement) -> Result<WriteOutcome, StoreError> {
        let Settlement { namespace, address, seen, verdict, order, retention } = settlement;
        self.decide(address, move |record, now| {
            protocol::settle(record, &namespace, seen, &verdict, &order, retention, now)
        })
        .await
    }

    pub(in crate::store) async fn free(&self, freeing: Free) -> Result<WriteOutcome, StoreError> {
        let Free { namespace, address, seen, order, retention } = freeing;
        self.decide(address, move |record, now| {
            protocol::free(record, &namespace, seen, &order, retention, now)
        })
        .await
    }

    pub(in crate::store) async fn forget(&self, forgetting: Forget) -> Result<WriteOutcome, StoreError> {
        let Forget { namespace, address, seen } = forgetting;
        self.decide(address, move |record, _| protocol::forget(record, &namespace, seen)).await
    }

    pub(in crate::store) async fn sweep(&self, sweep: Sweep) -> Result<SweepCount, StoreError> {
        let mut total = SweepCount::default();
        let mut left = sweep.limit;
        while left > 0 {
            let limit = left.min(STEP);
            let step = Sweep { limit, ..sweep.clone() };
            let count = match self
                .run_aside(move |exchange| async move { exchange.send(&statement::SweepUp(&step)).await })
                .await
            {
                Ok(count) => count,
                // What was moved is moved, so "nothing was applied" would be untrue.
                Err(_) if total != SweepCount::default() => break,
                Err(error) => return Err(error),
            };
            total.unknown += count.unknown;
            total.released += count.released;
            let moved = count.unknown + count.released;
            left = left.saturating_sub(moved);
            if moved < limit {
                break;
            }
        }
        Ok(total)
    }

    pub(in crate::store) async fn reap(&self, limit: usize) -> Result<usize, StoreError> {
        let mut total = 0;
        while total < limit {
            let step = (limit - total).min(STEP);
            let reaped = match self
                .run_aside(move |exchange| async move { exchange.send(&statement::Reap(step)).await })
                .await
            {
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
        self.run_aside(move |exchange| async move { exchange.send(&statement::List(&page)).await }).await
    }

    pub(in crate::store) async fn count(&self, count: Count) -> Result<u64, StoreError> {
        self.run_aside(move |exchange| async move { exchange.send(&statement::Count(&count)).await }).await
    }

    pub(in crate::store) async fn tally(&self, namespace: Namespace) -> Result<Tally, StoreError> {
        self.run_aside(move |exchange| async move { exchange.send(&statement::Tally(&namespace)).await })
            .await
    }

    /// Closes the idle connections. Those in use close as they are given up.
    pub(in crate::store) async fn close(&self) {
        self.exchange.close().await;
    }

    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(in crate::store) fn driver(&self) -> &Arc<D> {
        self.exchange.driver()
    }

    async fn decide(
        &self,
        address: Address,
        transition: impl Fn(&mut Option<Record>, Timestamp) -> WriteOutcome + Send + Sync + 'static,
    ) -> Result<WriteOutcome, StoreError> {
        self.run(&self.aside, move |exchange| async move {
            verdicts::decide(&exchange, address, transition).await
        })
        .await
    }

    async fn run_aside<T, F>(&self, call: impl FnOnce(Arc<Exchange<D>>) -> F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Unanswered>> + Send + 'static,
    {
        let told = |unanswered: Unanswered| unanswered.failure().to_error();
        self.run(&self.aside, |exchange| {
            let call = call(exchange);
            async move { call.await.map_err(told) }
        })
        .await
    }

    /// Runs `job` on the store's thread, after those that have all of the `turns`: a caller that stopped to poll must
    /// keep none.
    async fn run<T, F>(
        &self,
        turns: &Arc<Semaphore>,
        job: impl FnOnce(Arc<Exchange<D>>) -> F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let (turns, job) = (Arc::clone(turns), job(Arc::clone(&self.exchange)));
        self.thread
            .run(async move {
                let closed = |_| StoreError::new(StoreErrorKind::Unavailable, "the store is closed");
                let _turn = turns.acquire().await.map_err(closed)?;
                job.await
            })
            .await
    }
}

impl From<Completion> for Finish {
    fn from(completion: Completion) -> Self {
        let Completion { address, owner, reply, retention } = completion;
        Self { address, owner, end: ClaimEnd::Done { reply, retention } }
    }
}

impl From<Release> for Finish {
    fn from(release: Release) -> Self {
        let Release { address, owner, retention } = release;
        Self { address, owner, end: ClaimEnd::Released { retention } }
    }
}

impl From<MarkUnknown> for Finish {
    fn from(mark: MarkUnknown) -> Self {
        Self { address: mark.address, owner: mark.owner, end: ClaimEnd::Unknown }
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
                mark_unknown($crate::store::MarkUnknown) -> Result<$crate::protocol::WriteOutcome, $crate::store::StoreError>;
                renew($crate::store::Batch<$crate::store::Renewal>) -> $crate::store::Answers<$crate::protocol::RenewOutcome>;
                look_up($crate::Address) -> Result<Option<$crate::protocol::Record>, $crate::store::StoreError>;
                sweep($crate::store::Sweep) -> Result<$crate::store::SweepCount, $crate::store::StoreError>;
                reap(usize) -> Result<usize, $crate::store::StoreError>;
                list($crate::store::Page) -> Result<Vec<$crate::store::Entry>, $crate::store::StoreError>;
                count($crate::store::Count) -> Result<u64, $crate::store::StoreError>;
                tally($crate::protocol::Namespace) -> Result<$crate::protocol::Tally, $crate::store::StoreError>;
                settle($crate::store::Settlement) -> Result<$crate::protocol::WriteOutcome, $crate::store::StoreError>;
                free($crate::store::Free) -> Result<$crate::protocol::WriteOutcome, $crate::store::StoreError>;
                forget($crate::store::Forget) -> Result<$crate::protocol::WriteOutcome, $crate::store::StoreError>;
                claim_batch($crate::store::Batch<$crate::protocol::Claim>) -> $crate::store::Answers<$crate::protocol::ClaimOutcome>;
                complete_batch($crate::store::Batch<$crate::store::Completion>) -> $crate::store::Answers<$crate::protocol::WriteOutcome>;
                release_batch($crate::store::Batch<$crate::store::Release>) -> $crate::store::Answers<$crate::protocol::WriteOutcome>;
                mark_unknown_batch($crate::store::Batch<$crate::store::MarkUnknown>) -> $crate::store::Answers<$crate::protocol::WriteOutcome>;
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
