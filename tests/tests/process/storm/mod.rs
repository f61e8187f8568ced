//! Callers that leave at every moment of a request, and come back: one effect, one answer, and no key waits for a lease
//! or an operator.
//!
//! The work is bounded, not the time. Longer storms: `IDEM_STORM_KEYS=5000 cargo test -p idem-tests --test all storm`;
//! `IDEM_STORM_SEED` repeats the draws of one.

mod callers;
mod figures;
mod moment;

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};

use self::callers::Storm;
use crate::support::{Over, Shared, Target, on_every_store};

/// How many keys a storm has by default.
const KEYS: usize = 200;
/// A stuck claim would be in progress until this has passed, which no test waits for.
const LEASE: [&str; 2] = ["--lease", "10m"];

on_every_store! {
    callers_that_leave_at_any_moment_find_one_effect_and_one_answer
}

fn callers_that_leave_at_any_moment_find_one_effect_and_one_answer(shared: &Shared) {
    run(shared, &[(); 3].map(|()| shared.start(&LEASE)));
}

mod memory {
    use super::*;

    #[test]
    fn callers_that_leave_at_any_moment_find_one_effect_and_one_answer() {
        // The records do not leave the process: there is one.
        run(&Shared::new(), &[Target::start(&LEASE)]);
    }
}

fn run(shared: &Shared, targets: &[Target]) {
    let keys = setting("IDEM_STORM_KEYS").map_or(KEYS, |keys| usize::try_from(keys).expect("a count"));
    let seed = setting("IDEM_STORM_SEED").unwrap_or_else(|| fastrand::u64(..));
    let storm = Storm::new(targets, keys, seed);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _over = Over(&over);
        let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
        for _ in 0..cores {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        storm.rage();
        storm.calm_down();
    });
    storm.conclude(shared);
}

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
}
