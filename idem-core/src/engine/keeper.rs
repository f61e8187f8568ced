//! The thread that keeps claims alive and records moving, so that a blocked runtime of the user's cannot starve them.
//!
//! It renews every held claim a third into its lease, in one call to the store; sweeps abandoned records and reaps
//! expired ones from time to time; and carries what goes on in the background. It is started by the first claim and
//! ends with the engine.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::closing::Closing;
use super::panics::caught;
use super::{CallSite, Engine, Purpose, later, verify};
use crate::fault::{points, reach};
use crate::observe;
use crate::protocol::{RenewOutcome, StateKind};
use crate::store::{Batch, Count, Renewal, Sweep};

/// At most this many records are moved or reaped in one call, so that live traffic gets its turn in between.
const BATCH: usize = 500;
/// The keeper writes an ending itself after this, if its caller has not got through with it.
const LONGEST_ENDING: Duration = Duration::from_secs(10);
/// A renewal that failed, or met a locked row, is tried again after this.
const RETRY: Duration = Duration::from_millis(200);
/// After this even a keeper without claims looks whether its engine is still there.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(super) struct Keeper {
    runtime: OnceLock<Option<Handle>>,
    alarm: Arc<Alarm>,
}

/// When the keeper wakes next.
#[derive(Debug, Default)]
struct Alarm {
    at: Mutex<Option<Instant>>,
    rings: Notify,
}

impl Alarm {
    /// Rings the keeper only if it would sleep past `at`.
    fn not_later_than(&self, at: Instant) {
        let mut next = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        if next.is_some_and(|next| at < next) {
            *next = Some(at);
            self.rings.notify_one();
        }
    }

    fn set(&self, at: Instant) {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    /// When to wake: at `next`, or earlier if another thread asked for it since [`set`](Self::set).
    fn settle_on(&self, next: Instant) -> Instant {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let next = at.map_or(next, |asked| asked.min(next));
        *at = Some(next);
        next
    }
}

impl Keeper {
    /// Sees to it that the keeper is awake at `at`.
    pub(super) fn wake_by(&self, engine: &Arc<Engine>, at: Instant) {
        let _ = self.runtime(engine);
        self.alarm.not_later_than(at);
    }

    /// Sees to it that records are swept and reaped, although no claim needs to be renewed.
    #[cfg(feature = "_tx")]
    pub(super) fn start(&self, engine: &Arc<Engine>) {
        let _ = self.runtime(engine);
    }

    /// Runs `task` on the keeper's thread.
    pub(super) fn spawn(&self, engine: &Arc<Engine>, task: impl Future<Output = ()> + Send + 'static) {
        match self.runtime(engine) {
            Some(runtime) => {
                runtime.spawn(task);
            }
            None => tracing::error!(
                "without its keeper thread idem cannot settle an operation; its lease will end"
            ),
        }
    }

    pub(super) fn stop(&self) {
        self.alarm.rings.notify_one();
    }

    fn runtime(&self, engine: &Arc<Engine>) -> Option<&Handle> {
        self.runtime.get_or_init(|| start(Arc::downgrade(engine), Arc::clone(&self.alarm))).as_ref()
    }
}

fn start(engine: Weak<Engine>, alarm: Arc<Alarm>) -> Option<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.inspect_err(|error| tracing::error!(%error, "idem cannot start its keeper runtime")).ok()?;
    let handle = runtime.handle().clone();
    alarm.set(Instant::now() + LONGEST_SLEEP);
    std::thread::Builder::new()
        .name("idem-keeper".into())
        .spawn(move || runtime.block_on(keep(engine, alarm)))
        .inspect_err(|error| tracing::error!(%error, "idem cannot start its keeper thread"))
        .ok()?;
    Some(handle)
}

async fn keep(engine: Weak<Engine>, alarm: Arc<Alarm>) {
    reach(points::KEEPER_START);
    let mut sweeps = Sweeps { next: Instant::now(), running: None };
    loop {
        let Some(engine) = engine.upgrade() else { return };
        let now = Instant::now();
        // Set before looking, so that a claim won meanwhile is either seen or rings.
        alarm.set(now + LONGEST_SLEEP);
        // Without its keeper a process loses every lease. So a round that panicked is repeated.
        let next = caught(pin!(round(&engine, &mut sweeps, now))).await.unwrap_or_else(|_| {
            engine.log_limits.failure.event(|suppressed| {
                tracing::error!(suppressed, "a round of renewals panicked; it is repeated");
            });
            Instant::now() + RETRY
        });
        drop(engine);
        let next = alarm.settle_on(next);
        tokio::select! {
            () = tokio::time::sleep_until(next.into()) => {}
            () = alarm.rings.notified() => {}
        }
    }
}

/// When abandoned and expired records are looked for.
struct Sweeps {
    next: Instant,
    running: Option<JoinHandle<()>>,
}

/// Does what is due; says when the next is.
async fn round(engine: &Arc<Engine>, sweeps: &mut Sweeps, now: Instant) -> Instant {
    let mut next = adopt(engine).min(now + LONGEST_SLEEP);
    next = renew(engine).await.min(next);
    if sweeps.next <= now {
        sweeps.next = later(now, engine.config.sweep_interval);
        // Beside the renewals, which must not wait until a long backlog is reaped.
        if sweeps.running.as_ref().is_none_or(JoinHandle::is_finished) {
            let engine = Arc::clone(engine);
            sweeps.running = Some(tokio::spawn(async move {
                sweep(&engine).await;
                verify::begin(&engine);
            }));
        }
    }
    next.min(sweeps.next)
}

/// Takes over the claims and the endings whose callers are not polled any more; says when the next claim is due.
fn adopt(engine: &Arc<Engine>) -> Instant {
    let now = Instant::now();
    let (unanswered, next) = engine.flights.unanswered(now);
    for flight in unanswered {
        engine.adopt(&flight);
    }
    // The callers of these are not polled: a caller that is polled has given up by then.
    let limit = engine.claim_limit().min(LONGEST_ENDING);
    for (flight, unfinished) in
        now.checked_sub(limit).map(|limit| engine.flights.unfinished_since(limit)).into_iter().flatten()
    {
        let (closing, ending) = Closing::taken_over(engine, flight, unfinished);
        engine.keeper.spawn(engine, closing.in_background(ending));
    }
    next.unwrap_or(now + LONGEST_SLEEP)
}

/// Renews what is due; says when the next is.
async fn renew(engine: &Engine) -> Instant {
    let now = Instant::now();
    let mut next = now + LONGEST_SLEEP;
    let mut due = Vec::new();
    for (flight, held) in engine.flights.held() {
        if held.until <= now {
            continue;
        }
        if held.renew_at <= now { due.push((flight, held)) } else { next = next.min(held.renew_at) }
    }
    if due.is_empty() {
        return next;
    }
    due.sort_by_key(|(flight, _)| flight.address);
    let renewals = due
        .iter()
        .map(|(flight, held)| Renewal { address: flight.address, owner: held.owner, lease: held.lease })
        .collect();
    let (batch, _) = Batch::new(renewals);
    let answers = engine.store.call(CallSite::RENEW, |store| {
        let renewed = store.renew(batch);
        Box::pin(async { Ok(renewed.await) })
    });
    let answers = answers.await;
    let mut answers = answers
        .inspect_err(|error| engine.log_failed(Purpose::of("renewal"), error))
        .unwrap_or_default()
        .into_iter();
    for (flight, held) in due {
        let answer = answers.next();
        if let Some(Err(error)) = &answer {
            engine.log_failed(Purpose::of("renewal").at(flight.address), error);
        }
        observe::renewal(answer.as_ref());
        let again = match answer {
            Some(Ok(RenewOutcome::Renewed)) => later(now, held.lease / 3),
            Some(Ok(RenewOutcome::Lost)) => {
                reach(points::KEEPER_LOST_BEFORE);
                // An attempt that is being settled no longer listens.
                flight.lose();
                continue;
            }
            // Skipped: another statement had the row. It is alive, but its lease was not pushed on.
            Some(Err(_) | Ok(RenewOutcome::Skipped)) | None => Instant::now() + RETRY.min(held.lease / 6),
        };
        flight.renew_at(again);
        next = next.min(again);
    }
    next
}

pub(super) async fn sweep(engine: &Engine) {
    let grace = engine.config.policy.lease;
    let namespace = engine.namespace();
    let request =
        Sweep { namespace: namespace.clone(), grace, retention: engine.config.policy.ttl, limit: BATCH };
    loop {
        match engine.store.call(CallSite::SWEEP, |store| store.sweep(request.clone())).await {
            Ok(swept) => {
                observe::swept(swept.unknown, swept.released);
                if swept.unknown + swept.released > 0 {
                    reach(points::KEEPER_SWEPT);
                }
                if swept.unknown > 0 {
                    let unknown = Count { namespace: namespace.clone(), state: StateKind::Unknown };
                    let count = engine.store.call(CallSite::COUNT, |store| store.count(unknown));
                    let waiting = count.await.ok();
                    tracing::error!(
                        abandoned = swept.unknown,
                        waiting,
                        "operations were abandoned and their outcome is unknown: settle them through the operator"
                    );
                }
                if swept.unknown + swept.released < BATCH {
                    break;
                }
            }
            Err(error) => {
                engine.log_failed(Purpose::of("look for abandoned operations"), &error);
                return;
            }
        }
        tokio::task::yield_now().await;
    }
    loop {
        match engine.store.call(CallSite::REAP, |store| store.reap(BATCH)).await {
            Ok(reaped) => {
                observe::reaped(reaped);
                if reaped < BATCH {
                    break;
                }
                tokio::task::yield_now().await;
            }
            Err(error) => {
                engine.log_failed(Purpose::of("end of expired records"), &error);
                return;
            }
        }
    }
}
