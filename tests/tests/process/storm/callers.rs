//! One storm: its callers, their repetitions, and what must hold afterwards.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::figures::{Figures, Told};
use super::moment::{Moment, Visit};
use crate::support::{Reply, Request, Shared, Target, post};

const CALLERS: usize = 24;
/// The most attempts of a key while the storm lasts.
const ATTEMPTS: usize = 6;
/// Far beyond what the slowest machine needs, and far below the lease.
const TOO_LONG: Duration = Duration::from_mins(1);
/// Between two questions about keys that are not done.
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Storm<'t> {
    targets: &'t [Target],
    transactions: bool,
    keys: usize,
    seed: u64,
    figures: Mutex<Figures>,
    answers: Mutex<BTreeMap<usize, Reply>>,
    violations: Mutex<Vec<String>>,
}

impl<'t> Storm<'t> {
    pub(super) fn new(targets: &'t [Target], keys: usize, seed: u64) -> Self {
        // 404 on stores that have no transactions.
        let transactions = targets[0].send(&post("/tx?amount=0").key("probe")).status != 404;
        Self {
            targets,
            transactions,
            keys,
            seed,
            figures: Mutex::new(Figures::of(keys)),
            answers: Mutex::default(),
            violations: Mutex::default(),
        }
    }

    /// Always the same for one key.
    fn request(&self, number: usize) -> Request {
        let path = match number % 4 {
            0 | 1 => "/pay".to_owned(),
            2 if self.transactions => format!("/tx?amount={number}"),
            _ => format!("/slow?ms={}", number % 30),
        };
        post(&path).key(&key(number)).body(format!(r#"{{"amount":{number},"memo":"{:0>100}"}}"#, ""))
    }

    fn is_transaction(&self, number: usize) -> bool {
        self.transactions && number % 4 == 2
    }

    /// Every key is tried some times, each by a caller that may leave.
    pub(super) fn rage(&self) {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..CALLERS {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= self.keys {
                            return;
                        }
                        self.try_to_leave(number);
                    }
                });
            }
        });
    }

    fn try_to_leave(&self, number: usize) {
        let mut rng = Rng::with_seed(self.seed.wrapping_add(number as u64));
        let request = self.request(number);
        for _ in 0..rng.usize(1..=ATTEMPTS) {
            // Some try at two targets at once.
            let at_once = if rng.u8(..4) == 0 { 2 } else { 1 };
            let first = rng.usize(..self.targets.len());
            let visits: Vec<_> = (first..first + at_once)
                .map(|at| {
                    let (at, moment) = (at % self.targets.len(), Moment::draw(&mut rng));
                    lock(&self.figures).attempt(moment);
                    Visit::begin(&request, self.targets[at].address(), moment, &mut rng)
                })
                .collect();
            for visit in visits {
                if let Some(reply) = visit.end(&mut rng) {
                    self.hear(number, reply);
                }
            }
            if rng.bool() {
                std::thread::sleep(Duration::from_micros(rng.u64(..3_000)));
            }
        }
    }

    /// Every key is repeated at any target until it is answered.
    pub(super) fn calm_down(&self) {
        let begun = Instant::now();
        let open: Mutex<VecDeque<usize>> = Mutex::new((0..self.keys).collect());
        std::thread::scope(|scope| {
            for caller in 0..CALLERS {
                let open = &open;
                scope.spawn(move || {
                    let mut rng = Rng::with_seed(self.seed ^ caller as u64);
                    while begun.elapsed() < TOO_LONG {
                        let Some(number) = lock(open).pop_front() else { return };
                        let at = rng.usize(..self.targets.len());
                        match self.hear(number, self.targets[at].send(&self.request(number))) {
                            Told::Answer(_) | Told::Unknown => {}
                            Told::NotYet(_) => {
                                lock(open).push_back(number);
                                std::thread::sleep(PAUSE);
                            }
                        }
                    }
                });
            }
        });
        for number in open.into_inner().expect("keys") {
            let told = self.hear(number, self.targets[0].send(&self.request(number)));
            self.violation(number, &format!("is not answered after {TOO_LONG:?}: {told:?}"));
        }
    }

    /// Counts an answer, and holds it against the one that is known.
    fn hear(&self, number: usize, reply: Reply) -> Told {
        let told = lock(&self.figures).told(reply);
        match &told {
            Told::NotYet(_) => {}
            Told::Unknown => self.violation(number, "was told outcome-unknown"),
            Told::Answer(reply) => {
                let essence = reply.essence();
                let known = lock(&self.answers).entry(number).or_insert_with(|| essence.clone()).clone();
                if known != essence {
                    self.violation(number, &format!("has two answers: {known:?} and {essence:?}"));
                }
            }
        }
        told
    }

    fn violation(&self, number: usize, what: &str) {
        let request = self.request(number);
        lock(&self.violations).push(format!("{} of {} {what}", key(number), request.target()));
    }

    /// One answer of each key at every target, and one effect.
    pub(super) fn conclude(self, shared: &Shared) {
        for number in 0..self.keys {
            for target in self.targets {
                let request = self.request(number);
                if let Told::NotYet(code) = self.hear(number, target.send(&request)) {
                    self.violation(number, &format!("is not replayed: {code}"));
                    break;
                }
            }
        }
        let counts = self.targets[0].effects();
        let rows = if self.transactions { shared.ledger() } else { Vec::new() };
        let mut effects = 0;
        for number in 0..self.keys {
            let runs = if self.is_transaction(number) {
                // A handler whose transaction was undone may have run before: its rows count.
                rows.iter().filter(|(name, _)| *name == key(number)).count() as u64
            } else {
                counts["by_key"][format!("ada {}", key(number))].as_u64().unwrap_or_default()
            };
            effects += runs;
            if runs != 1 {
                self.violation(number, &format!("has {runs} effects"));
            }
        }
        let (seed, kind) = (self.seed, shared.store());
        let kind = if self.targets.len() == 1 { "memory" } else { kind.split(':').next().expect("a kind") };
        let mut figures = self.figures.into_inner().expect("figures");
        figures.effects = effects;
        let said = format!("storm on {kind}, seed {seed}: {figures}");
        println!("{said}");
        let violations = self.violations.into_inner().expect("violations");
        assert!(violations.is_empty(), "{said}\n{}", violations.join("\n"));
    }
}

fn key(number: usize) -> String {
    format!("k{number}")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("callers that failed end the test")
}
