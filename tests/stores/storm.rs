//! Calls that are dropped at any moment, by several engines over one store: one run, one value, and no key waits for a
//! lease or an operator.
//!
//! A call is never dropped while its body runs, unless the body has a task of its own: then "unknown" would be true.
//! Longer storms: `IDEM_STORM_KEYS=5000 cargo test -p idem-tests --test stores storm`; `IDEM_STORM_SEED` repeats the
//! draws of one.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use fastrand::Rng;
use idem_core::store::Store;
use idem_core::store::memory::MemoryStore;
use idem_core::store::sqlite::SqliteStore;
use idem_core::{Idem, Refused, Scope, idempotent};
use tokio::task::{JoinSet, yield_now};

use crate::servers::{Place, on_every_server};

const KEYS: usize = 400;
const ENGINES: usize = 3;
const CALLERS: usize = 32;
/// The most calls of a key that may be dropped.
const ATTEMPTS: usize = 6;
/// The most polls before a call is dropped, and the longest time.
const MOST_POLLS: u32 = 12;
const LONGEST: Duration = Duration::from_millis(8);
/// A stuck claim would be in progress until this has passed, which no test waits for.
const LEASE: Duration = Duration::from_mins(10);
/// Far beyond what the slowest machine needs, and far below the lease.
const TOO_LONG: Duration = Duration::from_mins(1);

on_every_server! {
    calls_dropped_at_any_moment_run_once
}

async fn calls_dropped_at_any_moment_run_once(place: Place) {
    let mut stores = Vec::new();
    for _ in 0..ENGINES {
        stores.push(place.open().await);
    }
    storm(&format!("{:?}", place.server), stores).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_dropped_at_any_moment_run_once_in_memory() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    storm("memory", vec![store; ENGINES]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_dropped_at_any_moment_run_once_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let mut stores: Vec<Arc<dyn Store>> = Vec::new();
    for _ in 0..ENGINES {
        stores.push(Arc::new(SqliteStore::open(directory.path().join("idem.db")).await.unwrap()));
    }
    storm("SQLite", stores).await;
}

/// Where the body of a call is.
#[derive(Debug, Default)]
struct Progress(AtomicUsize);

impl Progress {
    fn enter(&self) {
        self.0.store(1, Ordering::SeqCst);
    }

    fn leave(&self) {
        self.0.store(2, Ordering::SeqCst);
    }

    fn inside(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 1
    }
}

/// How often the body of each key began.
#[derive(Debug, Default)]
struct Runs(Mutex<BTreeMap<usize, usize>>);

impl Runs {
    /// The number of the run: another one would give another value.
    async fn one(&self, key: usize) -> usize {
        let run = {
            let mut runs = self.0.lock().unwrap();
            let run = runs.entry(key).or_default();
            *run += 1;
            *run
        };
        for _ in 0..key % 4 {
            yield_now().await;
        }
        key * 1_000 + run
    }
}

#[idempotent(with = idem, key = key, name = "plain")]
async fn plain(
    idem: Idem<Arc<dyn Store>>,
    key: usize,
    runs: &Runs,
    progress: &Progress,
) -> Result<usize, Refused> {
    progress.enter();
    let value = runs.one(key).await;
    progress.leave();
    Ok(value)
}

#[idempotent(with = idem, key = key, name = "detached", detach)]
async fn detached(idem: Idem<Arc<dyn Store>>, key: usize, runs: Arc<Runs>) -> Result<usize, Refused> {
    Ok(runs.one(key).await)
}

#[derive(Debug)]
struct Storm {
    engines: Vec<Idem<Arc<dyn Store>>>,
    keys: usize,
    seed: u64,
    runs: Arc<Runs>,
    next: AtomicUsize,
    calls: AtomicUsize,
    dropped: AtomicUsize,
    values: Mutex<BTreeMap<usize, usize>>,
    violations: Mutex<Vec<String>>,
}

async fn storm(name: &str, stores: Vec<Arc<dyn Store>>) {
    let engine = |store| Idem::builder(store).scope(Scope::public()).lease(LEASE).build();
    let seed = setting("IDEM_STORM_SEED").unwrap_or_else(|| fastrand::u64(..));
    let storm = Arc::new(Storm {
        engines: stores.into_iter().map(engine).collect(),
        keys: setting("IDEM_STORM_KEYS").map_or(KEYS, |keys| usize::try_from(keys).unwrap()),
        seed,
        runs: Arc::default(),
        next: AtomicUsize::new(0),
        calls: AtomicUsize::new(0),
        dropped: AtomicUsize::new(0),
        values: Mutex::default(),
        violations: Mutex::default(),
    });
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let storm = Arc::clone(&storm);
        callers.spawn(async move { storm.drop_calls().await });
    }
    callers.join_all().await;
    storm.repeat().await;
    storm.conclude(name);
}

impl Storm {
    async fn drop_calls(&self) {
        loop {
            let key = self.next.fetch_add(1, Ordering::SeqCst);
            if key >= self.keys {
                return;
            }
            let mut rng = Rng::with_seed(self.seed.wrapping_add(key as u64));
            for _ in 0..rng.usize(1..=ATTEMPTS) {
                let engine = rng.usize(..self.engines.len());
                let progress = Progress::default();
                let call = self.call(engine, key, &progress);
                // Some are made twice at once.
                if rng.u8(..4) == 0 {
                    let twin_progress = Progress::default();
                    let twin = self.call((engine + 1) % self.engines.len(), key, &twin_progress);
                    let mut twin_rng = rng.fork();
                    let (one, other) = tokio::join!(
                        leave(call, &progress, &mut rng),
                        leave(twin, &twin_progress, &mut twin_rng)
                    );
                    self.hear(key, one);
                    self.hear(key, other);
                } else {
                    let result = leave(call, &progress, &mut rng).await;
                    self.hear(key, result);
                }
            }
        }
    }

    async fn call(&self, engine: usize, key: usize, progress: &Progress) -> Result<usize, Refused> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let idem = self.engines[engine].clone();
        // Large futures, of which only one is held.
        if key % 4 == 3 {
            Box::pin(detached(idem, key, Arc::clone(&self.runs))).await
        } else {
            Box::pin(plain(idem, key, &self.runs, progress)).await
        }
    }

    /// Every key is repeated by any engine until it is answered.
    async fn repeat(&self) {
        let begun = Instant::now();
        let mut open: Vec<usize> = (0..self.keys).collect();
        let progress = Progress::default();
        let mut turn = 0;
        while !open.is_empty() && begun.elapsed() < TOO_LONG {
            let mut still = Vec::new();
            for key in open {
                turn += 1;
                let result = self.call(turn % self.engines.len(), key, &progress).await;
                if matches!(self.hear(key, Some(result)), Heard::NotYet) {
                    still.push(key);
                }
            }
            open = still;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for key in open {
            self.violation(key, "is not answered");
        }
        for key in 0..self.keys {
            for engine in 0..self.engines.len() {
                let result = self.call(engine, key, &progress).await;
                self.hear(key, Some(result));
            }
        }
    }

    fn hear(&self, key: usize, result: Option<Result<usize, Refused>>) -> Heard {
        match result {
            None => {
                self.dropped.fetch_add(1, Ordering::SeqCst);
            }
            Some(Ok(value)) => {
                let known = *self.values.lock().unwrap().entry(key).or_insert(value);
                if known != value {
                    self.violation(key, &format!("has two values: {known} and {value}"));
                }
                return Heard::Answer;
            }
            Some(Err(refused)) if refused.retryable() => {}
            Some(Err(refused)) => {
                self.violation(key, &format!("was told {}", refused.code()));
                return Heard::Answer;
            }
        }
        Heard::NotYet
    }

    fn violation(&self, key: usize, what: &str) {
        self.violations.lock().unwrap().push(format!("key {key} {what}"));
    }

    fn conclude(&self, name: &str) {
        let runs = self.runs.0.lock().unwrap();
        for key in 0..self.keys {
            let count = runs.get(&key).copied().unwrap_or_default();
            if count != 1 {
                self.violation(key, &format!("ran {count} times"));
            }
        }
        let said = format!(
            "storm of calls on {name}, seed {}: {} keys, {} calls, {} dropped, {} runs",
            self.seed,
            self.keys,
            self.calls.load(Ordering::SeqCst),
            self.dropped.load(Ordering::SeqCst),
            runs.values().sum::<usize>(),
        );
        println!("{said}");
        let violations = self.violations.lock().unwrap();
        assert!(violations.is_empty(), "{said}\n{}", violations.join("\n"));
    }
}

enum Heard {
    /// The final answer.
    Answer,
    NotYet,
}

/// Polls `call` until it is dropped: after some polls, or after some time, in which it is polled again and again.
async fn leave<T>(call: impl Future<Output = T>, progress: &Progress, rng: &mut Rng) -> Option<T> {
    let most_polls = rng.bool().then(|| rng.u32(1..=MOST_POLLS));
    let until = Instant::now() + LONGEST.mul_f64(rng.f64().powi(2));
    let (mut call, mut polls) = (pin!(call), 0);
    poll_fn(|cx| {
        if let Poll::Ready(result) = call.as_mut().poll(cx) {
            return Poll::Ready(Some(result));
        }
        polls += 1;
        let over = most_polls.map_or_else(|| Instant::now() >= until, |most| polls >= most);
        if over && !progress.inside() {
            return Poll::Ready(None);
        }
        if most_polls.is_none() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await
}

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
}
