//! Records of the previous version, which name no namespace: every namespace sees them, so that an operator can settle them.

use idem_core::protocol::{Namespace, Order, Seen, StateKind, Verdict, WriteOutcome};
use idem_core::store::{Count, MarkUnknown, Page, Settlement, Store, Sweep, SweepCount};
use idem_core::{Address, AfterCrash};

use crate::support::*;

const KEYS: [&str; 3] = ["unknown", "rerun", "done"];

pub(crate) async fn check(store: &impl Store, strip: impl AsyncFn(Address)) {
    let owner = win(store, "unknown").await;
    let mark = MarkUnknown::new(address("unknown"), owner);
    assert_eq!(store.mark_unknown(mark).await.unwrap(), WriteOutcome::Applied);
    let abandoned = with(claim("rerun"), |it| {
        it.lease = std::time::Duration::ZERO;
        it.after_crash = AfterCrash::Rerun;
    });
    owner_in(store.claim(abandoned).await);
    complete(store, "done").await;
    for key in KEYS {
        strip(address(key)).await;
        assert_eq!(store.look_up(address(key)).await.unwrap().unwrap().terms, None, "{key}");
    }
    for namespace in ["shop", "another"].map(Namespace::new) {
        for (state, key) in [StateKind::Unknown, StateKind::Running, StateKind::Done].into_iter().zip(KEYS) {
            let page = Page::new(namespace.clone(), state, None, 9);
            let listed = store.list(page).await.unwrap();
            assert_eq!(listed.iter().map(|entry| entry.address).collect::<Vec<_>>(), [address(key)]);
            let counted = store.count(Count::new(namespace.clone(), state)).await.unwrap();
            assert_eq!(counted, 1, "{namespace} {state}");
        }
    }
    let namespace = Namespace::new("another");
    let record = store.look_up(address("unknown")).await.unwrap().unwrap();
    let settlement = Settlement::new(
        namespace.clone(),
        address("unknown"),
        Seen::of(&record),
        Verdict::DidNotHappen,
        Order::by("ada"),
        RETENTION,
    );
    assert_eq!(store.settle(settlement).await.unwrap(), WriteOutcome::Applied);
    let sweep = Sweep::new(namespace, std::time::Duration::ZERO, RETENTION, 9);
    assert_eq!(store.sweep(sweep).await.unwrap(), SweepCount::new(0, 1));
}

/// For a table of an SQL server.
pub(crate) fn stripping(table: &str, at: &str) -> String {
    format!(
        "UPDATE {table} SET handler_retention = -1, handler_lease = -1, namespace = '' WHERE address = {at}"
    )
}
