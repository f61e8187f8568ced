//! What the keeper does is counted.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::clock::{Clock, Timestamp};
use crate::engine::keeper::sweep;
use crate::observe::tests::recorded;
use crate::protocol::{Claim, ClaimOutcome, Nonce, Terms, WriteOutcome};
use crate::store::memory::MemoryStore;
use crate::{Fingerprint, store};

/// Microseconds, moved by hand.
#[derive(Debug)]
struct HandClock(AtomicU64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[test]
fn a_sweep_counts_what_it_moved_and_what_it_deleted() {
    const LEASE: Duration = Duration::from_secs(30);
    const HOUR: Duration = Duration::from_hours(1);

    let clock = Arc::new(HandClock(AtomicU64::new(1 << 50)));
    let shared = Arc::new(MemoryStore::builder().clock(Arc::clone(&clock) as Arc<dyn Clock>).build());
    let idem = Idem::builder(Arc::clone(&shared)).scope(Scope::public()).build();
    let claim = |key: &str, after_crash| {
        let terms = Terms::new(HOUR * 24, LEASE, "");
        Claim::new(address(key), Nonce::fresh(), Fingerprint::none(), LEASE, terms).after_crash(after_crash)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for key in ["u1", "u2"] {
            let _won = shared.claim(claim(key, AfterCrash::Unknown)).await.unwrap();
        }
        for key in ["r1", "r2", "r3"] {
            let _won = shared.claim(claim(key, AfterCrash::Rerun)).await.unwrap();
        }
        let ClaimOutcome::Won(won) = shared.claim(claim("d", AfterCrash::Unknown)).await.unwrap() else {
            panic!("the key is free")
        };
        let done = store::Completion::new(address("d"), won.owner, Vec::new().into(), LEASE);
        assert_eq!(shared.complete(done).await.unwrap(), WriteOutcome::Applied);
    });
    clock.0.fetch_add(3_600_000_000, Ordering::SeqCst);
    let lines = recorded(|| runtime.block_on(sweep(&idem.engine)));
    let expected = [
        "idem_reaped_total: 1",
        "idem_store_call_seconds call=count result=ok: 1 times",
        "idem_store_call_seconds call=reap result=ok: 1 times",
        "idem_store_call_seconds call=sweep result=ok: 1 times",
        "idem_swept_total state=released: 3",
        "idem_swept_total state=unknown: 2",
    ];
    assert_eq!(lines, expected);
}
