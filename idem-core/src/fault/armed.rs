//! The points that are armed, in this process.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use super::act::Fault;
use super::environment::{self, Spec};
use super::points::EVERY;

/// Whether any point is armed: what an idle point costs.
static ANY: AtomicBool = AtomicBool::new(false);
static ARMED: Mutex<Vec<Arc<Armed>>> = Mutex::new(Vec::new());
static ENVIRONMENT: Once = Once::new();

#[derive(Debug)]
struct Armed {
    point: Cow<'static, str>,
    fault: Fault,
    /// The reaching at which it acts, from 1.
    at: u64,
    reached: AtomicU64,
}

impl Armed {
    fn new(point: Cow<'static, str>, fault: Fault, at: u64) -> Self {
        Self { point, fault, at, reached: AtomicU64::new(0) }
    }

    fn is_at(&self, point: &str) -> bool {
        self.point == point || self.point == EVERY
    }
}

/// Says that the code is at `point`. If it is armed, it may not come back.
///
/// # Panics
/// If the point is armed to.
pub fn reach(point: &str) {
    ENVIRONMENT.call_once(|| {
        let found = environment::read();
        if !found.is_empty() {
            let found =
                found.into_iter().map(|Spec { point, fault, at }| Armed::new(point.into(), fault, at));
            change(|armed| armed.extend(found.map(Arc::new)));
        }
    });
    if ANY.load(Ordering::Acquire) {
        meet(point);
    }
}

#[cold]
fn meet(point: &str) {
    // The lock is gone before anything acts: what acts may arm, reach, panic or stand still.
    let met: Vec<Arc<Armed>> = locked().iter().filter(|armed| armed.is_at(point)).cloned().collect();
    for armed in met {
        let reached = armed.reached.fetch_add(1, Ordering::AcqRel) + 1;
        if reached == armed.at || matches!(armed.fault, Fault::Count) {
            armed.fault.act(point, reached);
        }
    }
}

/// Arms `point`, one of [`points`](super::points), of your own, or `*` for all: at the first reaching from now on it
/// acts, once. The whole process sees it, so tests that run side by side in one process need points of their own.
#[must_use = "the point is disarmed when the guard is dropped"]
pub fn arm(point: impl Into<Cow<'static, str>>, fault: Fault) -> Guard {
    arm_at(point, 1, fault)
}

/// As [`arm`], at the `nth` reaching from now on, counted from 1; 0 never comes.
#[must_use = "the point is disarmed when the guard is dropped"]
pub fn arm_at(point: impl Into<Cow<'static, str>>, nth: u64, fault: Fault) -> Guard {
    let armed = Arc::new(Armed::new(point.into(), fault, nth));
    change(|all| all.push(Arc::clone(&armed)));
    Guard(armed)
}

/// An armed point; dropped, it is harmless again.
#[derive(Debug)]
pub struct Guard(Arc<Armed>);

impl Guard {
    /// How often the point was reached since it was armed.
    #[must_use]
    pub fn reached(&self) -> u64 {
        self.0.reached.load(Ordering::Acquire)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        change(|armed| armed.retain(|one| !Arc::ptr_eq(one, &self.0)));
    }
}

fn change(change: impl FnOnce(&mut Vec<Arc<Armed>>)) {
    let mut armed = locked();
    change(&mut armed);
    ANY.store(!armed.is_empty(), Ordering::Release);
}

fn locked() -> MutexGuard<'static, Vec<Arc<Armed>>> {
    ARMED.lock().unwrap_or_else(PoisonError::into_inner)
}
