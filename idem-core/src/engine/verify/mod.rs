//! Asking [verify hooks](crate::verify): by the call that meets an unknown record, and by the keeper after a sweep.

mod find_out;
mod hook_runtime;
mod round;
mod verify_schedule;

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

pub(super) use self::find_out::HookPlace;
use self::hook_runtime::HookRuntime;
pub(super) use self::round::begin;
use self::verify_schedule::VerifySchedule;
use super::Engine;
use crate::address::Address;
use crate::protocol::Owner;

/// What this process knows of unknown records.
#[derive(Default)]
pub(super) struct Verifier {
    doubts: VerifySchedule,
    home: HookRuntime,
    /// A round is under way.
    round_running: AtomicBool,
}

crate::debug::structure!(Verifier);

impl Verifier {
    /// Remembers the caller's runtime.
    pub(super) fn at_home(&self) {
        self.home.is_here();
    }
}

impl Engine {
    /// An attempt of this process ended with an unknown outcome: from now on its hook may soon be asked.
    pub(super) fn meets_unknown(&self, address: Address, owner: Owner, lease: Duration) {
        if !self.config.hooks.is_empty() {
            let _due = self.may_ask(address, owner, lease);
        }
    }

    /// True if the record has been unknown for long enough, and its hook was not asked a moment ago.
    fn may_ask(&self, address: Address, owner: Owner, lease: Duration) -> bool {
        let quiet = self.config.verify_after.unwrap_or(lease);
        self.verifier.doubts.is_due(address, owner, quiet, Instant::now())
    }
}
