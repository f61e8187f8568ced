//! The gauges of what waits.

use std::sync::Arc;
use std::time::Duration;

use idem_core::clock::{Clock, Timestamp};
use idem_core::protocol::{Claim, ClaimOutcome, Nonce, StateKind, Terms, WriteOutcome};
use idem_core::store::memory::MemoryStore;
use idem_core::store::{MarkUnknown, Release, Store};
use idem_core::{Address, Fingerprint, Idem, Scope};
use idem_testing::ManualClock;

use super::recorded::recorded;

const HOUR: Duration = Duration::from_hours(1);

/// A record in that state, claimed now.
async fn put(store: &MemoryStore, namespace: &str, key: &str, state: StateKind) {
    let address = Address::new(namespace, b"", "numbers", key.as_bytes());
    let terms = Terms::new(HOUR, HOUR, namespace);
    let claim = Claim::new(address, Nonce::fresh(), Fingerprint::none(), HOUR, terms);
    let Ok(ClaimOutcome::Won(won)) = store.claim(claim).await else { panic!("the key is free") };
    let written = match state {
        StateKind::Unknown => store.mark_unknown(MarkUnknown::new(address, won.owner)).await,
        StateKind::Released => store.release(Release::new(address, won.owner, HOUR)).await,
        _ => return,
    };
    assert_eq!(written.expect("a write"), WriteOutcome::Applied);
}

#[test]
fn the_gauges_tell_what_waits_in_each_namespace() {
    let lines = recorded(async {
        let clock = ManualClock::new(Timestamp::from_micros(1 << 50));
        let store = Arc::new(MemoryStore::builder().clock(Arc::new(clock.clone()) as Arc<dyn Clock>).build());
        put(&store, "shop", "r1", StateKind::Running).await;
        clock.advance(Duration::from_secs(10));
        put(&store, "shop", "u1", StateKind::Unknown).await;
        clock.advance(Duration::from_millis(7500));
        put(&store, "shop", "u2", StateKind::Unknown).await;
        put(&store, "shop", "f1", StateKind::Released).await;
        let of = |namespace: &str| {
            Idem::builder(Arc::clone(&store)).namespace(namespace).scope(Scope::public()).build().operator()
        };
        let tally = of("shop").record_gauges().await.expect("a tally");
        assert_eq!((tally.running, tally.unknown, tally.unwinding, tally.stuck), (1, 2, 0, 0));
        assert_eq!(of("shop").record_gauge_of(StateKind::Released).await.expect("a count"), 1);
        let none = of("none").record_gauges().await.expect("a tally");
        assert_eq!((none.unknown, none.oldest_unknown), (0, None));
    });
    let gauges: Vec<&str> = lines
        .iter()
        .map(String::as_str)
        .filter(|line| line.starts_with("idem_records") || line.starts_with("idem_oldest"))
        .collect();
    let expected = [
        "idem_oldest_unknown_seconds namespace=none: 0",
        "idem_oldest_unknown_seconds namespace=shop: 7.5",
        "idem_records namespace=none state=running: 0",
        "idem_records namespace=none state=stuck: 0",
        "idem_records namespace=none state=unknown: 0",
        "idem_records namespace=none state=unwinding: 0",
        "idem_records namespace=shop state=released: 1",
        "idem_records namespace=shop state=running: 1",
        "idem_records namespace=shop state=stuck: 0",
        "idem_records namespace=shop state=unknown: 2",
        "idem_records namespace=shop state=unwinding: 0",
    ];
    assert_eq!(gauges, expected);
}
