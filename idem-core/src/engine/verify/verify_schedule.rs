//! When a hook may be asked about a record.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::address::Address;
use crate::engine::later;
use crate::protocol::Owner;

/// The most records remembered.
const MOST: usize = 10_000;
/// The longest pause, however often a hook could not tell.
const LONGEST: Duration = Duration::from_mins(10);

/// Unknown records that this process has met and could not settle yet.
#[derive(Default)]
pub(super) struct VerifySchedule(Mutex<HashMap<Address, Doubt>>);

crate::debug::structure!(VerifySchedule);

#[derive(Debug)]
struct Doubt {
    owner: Owner,
    not_before: Instant,
    /// How long it waited the last time; zero before the hook was first asked.
    pause: Duration,
}

impl VerifySchedule {
    fn lock(&self) -> MutexGuard<'_, HashMap<Address, Doubt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if the hook may be asked now about `owner`'s run. The first time that it is met, it must have been unknown
    /// for `quiet`, which counts from then on.
    pub(super) fn is_due(&self, address: Address, owner: Owner, quiet: Duration, now: Instant) -> bool {
        let mut doubts = self.lock();
        if let Some(doubt) = doubts.get(&address).filter(|doubt| doubt.owner == owner) {
            return doubt.not_before <= now;
        }
        let not_before = later(now, quiet);
        note(&mut doubts, address, Doubt { owner, not_before, pause: Duration::ZERO }, now);
        quiet.is_zero()
    }

    /// The hook could not tell: not before a pause of at least `first`, and twice as long each time.
    pub(super) fn put_off(&self, address: Address, owner: Owner, first: Duration, now: Instant) {
        let mut doubts = self.lock();
        let last = doubts.get(&address).filter(|doubt| doubt.owner == owner).map(|doubt| doubt.pause);
        let pause = (last.unwrap_or_default().saturating_mul(2)).min(LONGEST).max(first);
        note(&mut doubts, address, Doubt { owner, not_before: later(now, pause), pause }, now);
    }

    pub(super) fn forget(&self, address: Address) {
        self.lock().remove(&address);
    }
}

fn note(doubts: &mut HashMap<Address, Doubt>, address: Address, doubt: Doubt, now: Instant) {
    if doubts.len() >= MOST {
        doubts.retain(|_, doubt| doubt.not_before > now);
    }
    // Beyond that its time begins when it is met the next time.
    if doubts.len() < MOST {
        doubts.insert(address, doubt);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Fence, Nonce};

    const SECOND: Duration = Duration::from_secs(1);
    const AT: Address = Address::from_bytes([1; 32]);

    fn owner(fence: u64) -> Owner {
        Owner { fence: Fence::from_u64(fence), nonce: Nonce::from_bytes([3; 16]) }
    }

    #[test]
    fn a_record_is_quiet_first_and_each_pause_is_longer() {
        let (doubts, begun) = (VerifySchedule::default(), Instant::now());
        let due = |fence, after: Duration| doubts.is_due(AT, owner(fence), SECOND, begun + after);
        assert!(!due(1, Duration::ZERO));
        assert!(!due(1, SECOND / 2));
        assert!(due(1, SECOND));
        let mut now = SECOND;
        for pause in [2, 4, 8, 16] {
            doubts.put_off(AT, owner(1), SECOND * 2, begun + now);
            assert!(!due(1, now + SECOND * (pause - 1)));
            now += SECOND * pause;
            assert!(due(1, now));
        }
        for _ in 0..20 {
            doubts.put_off(AT, owner(1), SECOND * 2, begun + now);
        }
        assert!(due(1, now + LONGEST));
        // Another run is another doubt.
        assert!(!due(2, now));
        doubts.forget(AT);
        assert!(!due(2, now + LONGEST));
        assert!(doubts.is_due(Address::from_bytes([2; 32]), owner(1), Duration::ZERO, begun));
    }

    #[test]
    fn memory_is_bounded() {
        let (doubts, now) = (VerifySchedule::default(), Instant::now());
        for number in 0..=MOST {
            let mut at = [0; 32];
            at[..8].copy_from_slice(&number.to_be_bytes());
            doubts.put_off(Address::from_bytes(at), owner(1), SECOND, now);
        }
        assert_eq!(doubts.lock().len(), MOST);
        doubts.put_off(AT, owner(1), SECOND, now + SECOND);
        assert_eq!(doubts.lock().len(), 1);
    }
}
