//! What a test does without a server: skip aloud, or fail.

use std::{
    borrow::Borrow,
    collections::BTreeSet,
    env,
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use crate::servers::{Missing, Why};

/// What was already said to be missing.
static SAID: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The server, or `None` for a test that has to be skipped.
///
/// A skipped test reads as passed in the runner's list, so a line on standard error says what did not run, once for
/// each server and process. The runner does not capture it.
///
/// # Panics
/// If `CI` is set or `IDEM_REQUIRE_SERVERS=1`, or if the server is installed and did not start.
#[track_caller]
pub fn require<T, M: Borrow<Missing>>(server: Result<T, M>) -> Option<T> {
    let missing = match server {
        Ok(server) => return Some(server),
        Err(missing) => missing,
    };
    let missing = missing.borrow();
    let broken = matches!(missing.why, Why::DidNotStart(_));
    assert!(!broken && !is_required(), "{missing}");
    if SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(missing.server) {
        // Not `eprintln!`: that the runner captures.
        drop(writeln!(io::stderr().lock(), "\nSKIPPED, NOT PASSED: {missing}"));
    }
    None
}

fn is_required() -> bool {
    let is = |name, no: &[&str]| env::var(name).is_ok_and(|value| !no.contains(&&*value));
    is("CI", &["", "0", "false"]) || is("IDEM_REQUIRE_SERVERS", &["", "0", "false"])
}
