//! How long a record lives that a hook or an operator ended: as its handler said, which is another time than the
//! default of the engine that ends it.

use super::verify::{Ask, Oracle, builder, unknown, yes};
use super::*;
use crate::clock::{Clock, SystemClock};
use crate::protocol::{State, Verdict, WriteOutcome};
use crate::store::Entry;
use crate::verify::Verification;

/// What [`unknown`] says; the engine's default is 24 hours.
const TTL: Duration = Duration::from_hours(1);

async fn lives_for_its_ttl(store: &FaultyStore, key: &str) {
    let record = record(store, key).await.unwrap();
    let (State::Done { expires, .. } | State::Released { expires }) = record.state else {
        panic!("{key} has not ended: {record:?}")
    };
    let now = SystemClock.now();
    assert!(expires <= now + TTL && expires > now + TTL / 2, "{key}: {expires} at {now}");
}

async fn entry(store: &FaultyStore, key: &str) -> Entry {
    Entry { address: address(key), record: record(store, key).await.unwrap() }
}

#[tokio::test]
async fn a_hook_that_the_next_attempt_asks() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let idem = builder(&store, Ask(Oracle::new([Ok(yes(7))]))).build();
    assert_eq!(call(&idem, PLAIN, "k", &AtomicU32::new(0)).await, Ok(7));
    lives_for_its_ttl(&store, "k").await;
}

#[tokio::test]
async fn a_hook_that_the_keeper_asks() {
    let store = FaultyStore::new();
    for key in ["yes", "no"] {
        unknown(&store, key).await;
    }
    let oracle = Oracle::new([Ok(yes(7)), Ok(Verification::DidNotHappen)]);
    let idem = builder(&store, Ask(oracle)).sweep_interval(Duration::from_millis(5)).build();
    assert_eq!(call(&idem, PLAIN, "other", &AtomicU32::new(0)).await, Ok(1));
    for key in ["yes", "no"] {
        while record(&store, key).await.unwrap().state.kind() == StateKind::Unknown {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        lives_for_its_ttl(&store, key).await;
    }
}

#[tokio::test]
async fn an_operator() {
    let store = FaultyStore::new();
    for key in ["yes", "no", "retry"] {
        unknown(&store, key).await;
    }
    let idem = idem(&store);
    let ada = idem.operator().by("ada").because("the books say so");
    let happened = Verdict::Happened(crate::plain::reply(&7).unwrap());
    for outcome in [
        ada.settle(&entry(&store, "yes").await, happened).await,
        ada.settle(&entry(&store, "no").await, Verdict::DidNotHappen).await,
        ada.retry(&entry(&store, "retry").await).await,
    ] {
        assert_eq!(outcome.unwrap(), WriteOutcome::Applied);
    }
    for key in ["yes", "no", "retry"] {
        lives_for_its_ttl(&store, key).await;
    }
}
