//! Random histories: many steps on few keys through two handles, each compared with what
//! [`protocol`](idem_core::protocol) says.
//!
//! ```
//! use idem_core::store::memory::MemoryStore;
//! use idem_testing::{Histories, Shared, run_histories};
//!
//! let fresh = async || Shared::new(|clock| MemoryStore::builder().clock(clock).build());
//! run_histories(fresh, Histories::new(17, 5, 60));
//! ```

mod agree;
mod generate;
mod model;
mod runner;
mod shrink;
mod step;
mod upkeep;

pub(super) use runner::Runner;
pub(super) use step::{
    Action, Ask, By, Guarded, Look, NAMESPACES, Side, Span, Step, Whose, Write, order_number,
};

use super::in_time::in_time;
use super::{Backend, Trial};

/// Which random histories to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Histories {
    /// The seed of the first history; each further one has the next number.
    pub seed: u64,
    /// How many. `None`: 100 on a clock that is moved by hand, 10 on one that runs, where they take seconds.
    pub count: Option<u64>,
    /// How many steps each of them has.
    pub steps: usize,
}

impl Histories {
    /// `count` histories of `steps` steps each, from `seed` on.
    #[must_use]
    pub const fn new(seed: u64, count: u64, steps: usize) -> Self {
        Self { seed, count: Some(count), steps }
    }

    /// As the environment says: `IDEM_SEED`, a new one each time if unset, and `IDEM_HISTORIES`.
    ///
    /// # Panics
    /// If one of them is set and not a number.
    #[must_use]
    pub fn from_env() -> Self {
        Self {
            seed: number("IDEM_SEED").unwrap_or_else(|| fastrand::u64(..1 << 32)),
            count: number("IDEM_HISTORIES"),
            steps: 40,
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, and is {text:?}")))
}

/// Runs random histories, each on a backend of its own.
///
/// # Panics
/// If one diverges from the protocol: with the shortest form of it that was found, its answers, and its seed. Also
/// inside a runtime.
pub fn run_histories<B: Backend>(fresh: impl AsyncFn() -> B, histories: Histories) {
    in_time(async {
        let first = fresh().await;
        if !first.is_there() {
            return;
        }
        let usual = if first.now().is_some() { 100 } else { 10 };
        for seed in
            (histories.seed..).take(usize::try_from(histories.count.unwrap_or(usual)).unwrap_or(usize::MAX))
        {
            let steps = generate::history(seed, histories.steps);
            if shrink::replay(&fresh, &steps).await.is_err() {
                let divergence = shrink::shrink(&fresh, steps).await;
                panic!("{divergence}\nto repeat it: IDEM_SEED={seed} IDEM_HISTORIES=1");
            }
        }
    });
}

/// A history on new records.
async fn runner<B: Backend>(fresh: &impl AsyncFn() -> B) -> Runner<B> {
    Runner::new(Trial::new(fresh().await).await)
}
