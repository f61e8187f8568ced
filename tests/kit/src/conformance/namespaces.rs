//! Several services in one store: each reaches only the records of its own namespace.

use std::time::Duration;

use crate::trial::{address, order, reply, sound};
use crate::{Backend, Trial};
use idem_core::address::Address;
use idem_core::protocol::{
    AfterCrash, Claim, Namespace, Record, RecordView, Seen, StateKind, Terms, Verdict, WriteOutcome,
};
use idem_core::store::{Count, Forget, Free, Page, Store, Sweep, SweepCount};

const OURS: &str = "shop-a";
const THEIRS: &str = "shop-b";

fn claim_of<B: Backend>(t: &Trial<B>, namespace: &str, key: &str) -> Claim {
    with!(t.ask(key), terms = Terms::new(t.long(), t.long(), namespace))
}

/// A record of `namespace` in that state, or as near as a caller can bring it.
async fn bring<B: Backend>(t: &Trial<B>, namespace: &str, key: &str, state: StateKind) -> Record {
    let owner = t.won(claim_of(t, namespace, key)).await.owner;
    let applied = match state {
        StateKind::Done => t.complete(key, owner, &reply(key)).await,
        StateKind::Released => t.release(key, owner).await,
        StateKind::Unknown => t.mark_unknown(key, owner).await,
        _ => WriteOutcome::Applied,
    };
    assert_eq!(applied, WriteOutcome::Applied, "an owner may end its run");
    t.present(key).await
}

const STATES: [StateKind; 4] = [StateKind::Running, StateKind::Done, StateKind::Released, StateKind::Unknown];

async fn list<B: Backend>(
    t: &Trial<B>,
    namespace: &str,
    state: StateKind,
    after: Option<Address>,
    limit: usize,
) -> Vec<Address> {
    let page = Page::new(Namespace::new(namespace), state, after, limit);
    sound("a list", t.store().list(page).await).into_iter().map(|entry| entry.address).collect()
}

async fn count<B: Backend>(t: &Trial<B>, namespace: &str, state: StateKind) -> u64 {
    let asked = Count::new(Namespace::new(namespace), state);
    sound("a count", t.store().count(asked).await)
}

fn sorted<K: AsRef<str>>(keys: impl IntoIterator<Item = K>) -> Vec<Address> {
    let mut addresses: Vec<_> = keys.into_iter().map(|key| address(key.as_ref())).collect();
    addresses.sort();
    addresses
}

/// In every state.
pub async fn are_listed_apart<B: Backend>(t: Trial<B>) {
    for state in STATES {
        bring(&t, OURS, &format!("ours {state}"), state).await;
        bring(&t, THEIRS, &format!("theirs {state}"), state).await;
    }
    for state in STATES {
        for (namespace, key) in [(OURS, "ours"), (THEIRS, "theirs")] {
            let listed = list(&t, namespace, state, None, 100).await;
            assert_eq!(
                listed,
                sorted([format!("{key} {state}")]),
                "{namespace} lists its own {state} record"
            );
        }
        assert!(list(&t, "shop", state, None, 100).await.is_empty(), "and a third namespace has none");
    }
}

/// No collation, no pattern, no padding; the empty one is one like any other.
pub async fn are_told_apart_to_the_last_byte<B: Backend>(t: Trial<B>) {
    let (long, longer) = ("x".repeat(80), "x".repeat(81));
    let namespaces = [
        "", " ", "shop", "Shop", "shop ", "shop-a", "sho_", "sh%", "strasse", "straße", "a\nb", "ab", &long,
        &longer,
    ];
    for (number, namespace) in namespaces.iter().enumerate() {
        for state in [StateKind::Running, StateKind::Done, StateKind::Unknown] {
            bring(&t, namespace, &format!("{number} {state}"), state).await;
        }
    }
    for (number, namespace) in namespaces.iter().enumerate() {
        for state in [StateKind::Running, StateKind::Done, StateKind::Unknown] {
            let own = sorted([format!("{number} {state}")]);
            assert_eq!(
                list(&t, namespace, state, None, 100).await,
                own,
                "{namespace:?} has one {state} record"
            );
            assert_eq!(count(&t, namespace, state).await, 1, "{namespace:?} counts one {state} record");
        }
    }
}

/// A page is full of the namespace's own, however many of others lie between.
pub async fn take_no_place_in_pages_of_others<B: Backend>(t: Trial<B>) {
    let ours: Vec<String> = (0..9).map(|number| format!("ours {number}")).collect();
    for state in [StateKind::Unknown, StateKind::Done] {
        let own: Vec<String> = ours.iter().map(|key| format!("{key} {state}")).collect();
        for key in &own {
            bring(&t, OURS, key, state).await;
        }
        for number in 0..30 {
            bring(&t, THEIRS, &format!("theirs {number} {state}"), state).await;
        }
        for limit in [1, 4, 9] {
            let (mut after, mut met) = (None, Vec::new());
            loop {
                let page = list(&t, OURS, state, after, limit).await;
                assert!(
                    page.len() == limit.min(own.len() - met.len()),
                    "a page of {limit} is full until the last one, and has {}",
                    page.len()
                );
                let Some(last) = page.last() else { break };
                after = Some(*last);
                met.extend(page);
            }
            assert_eq!(met, sorted(&own), "pages of {limit} meet each once");
        }
    }
}

/// In every state.
pub async fn are_counted_apart<B: Backend>(t: Trial<B>) {
    for state in STATES {
        for number in 0..3 {
            bring(&t, THEIRS, &format!("theirs {number} {state}"), state).await;
        }
        assert_eq!(count(&t, OURS, state).await, 0, "no {state} record is ours yet");
        bring(&t, OURS, &format!("ours {state}"), state).await;
        assert_eq!(count(&t, OURS, state).await, 1, "one {state} record is ours");
        assert_eq!(count(&t, THEIRS, state).await, 3, "three are theirs");
        assert_eq!(count(&t, "shop", state).await, 0, "and a third namespace has none");
    }
}

/// Neither moved nor counted, and no part of the limit.
pub async fn are_swept_apart<B: Backend>(t: Trial<B>) {
    let abandon = async |namespace, key: &str, after_crash| {
        t.won(with!(claim_of(&t, namespace, key), lease = t.short(), after_crash)).await;
    };
    for number in 0..20 {
        abandon(THEIRS, &format!("theirs {number}"), AfterCrash::Rerun).await;
        abandon(THEIRS, &format!("theirs too {number}"), AfterCrash::Unknown).await;
    }
    for number in 0..2 {
        abandon(OURS, &format!("rerun {number}"), AfterCrash::Rerun).await;
        abandon(OURS, &format!("unknown {number}"), AfterCrash::Unknown).await;
    }
    t.pass_short().await;
    let theirs = t.present("theirs 7").await;
    let sweep = async |namespace, limit| {
        let (namespace, retention) = (Namespace::new(namespace), t.long());
        sound("a sweep", t.store().sweep(Sweep::new(namespace, Duration::ZERO, retention, limit)).await)
    };
    assert_eq!(sweep("shop", usize::MAX).await, SweepCount::default(), "a third namespace has none");
    let mut total = SweepCount::default();
    for left in [4, 2, 0] {
        let count = sweep(OURS, 2).await;
        assert_eq!(count.unknown + count.released, 2.min(left), "two at most, and all that are ours");
        total.unknown += count.unknown;
        total.released += count.released;
    }
    assert_eq!(total, SweepCount::new(2, 2), "each by its crash policy");
    t.assert_unchanged("theirs 7", &theirs, "it is another namespace's").await;
    let rest = sweep(THEIRS, usize::MAX).await;
    assert_eq!(rest, SweepCount::new(20, 20), "and those are theirs to sweep");
}

/// A record of another namespace is absent, also for the hook and the operator who know its address and how it stands.
pub async fn are_settled_apart<B: Backend>(t: Trial<B>) {
    for (key, verdict) in [("yes", Verdict::Happened(reply("end"))), ("no", Verdict::DidNotHappen)] {
        let before = bring(&t, OURS, key, StateKind::Unknown).await;
        let settlement = |namespace| {
            with!(
                t.verdict(key, before.owner, verdict.clone()),
                namespace = Namespace::new(namespace),
                seen = Seen::of(&before)
            )
        };
        assert_eq!(t.settle(settlement(THEIRS)).await, WriteOutcome::Lost(RecordView::Absent), "{RULE}");
        t.assert_unchanged(key, &before, RULE).await;
        assert_eq!(t.settle(settlement(OURS)).await, WriteOutcome::Applied, "its own namespace settles it");
        let settled = t.present(key).await;
        let again = t.settle(settlement(THEIRS)).await;
        assert_eq!(again, WriteOutcome::Lost(RecordView::Absent), "and nothing is told of it: {RULE}");
        t.assert_unchanged(key, &settled, RULE).await;
    }
}

const RULE: &str = "an order sees its own namespace only";

/// Running and unknown ones.
pub async fn are_freed_apart<B: Backend>(t: Trial<B>) {
    for state in [StateKind::Running, StateKind::Unknown] {
        let key = &format!("{state}");
        let before = bring(&t, OURS, key, state).await;
        let freeing = |namespace| {
            Free::new(Namespace::new(namespace), address(key), Seen::of(&before), order(), t.long())
        };
        assert_eq!(t.free(freeing(THEIRS)).await, WriteOutcome::Lost(RecordView::Absent), "{RULE}");
        t.assert_unchanged(key, &before, RULE).await;
        assert_eq!(t.free(freeing(OURS)).await, WriteOutcome::Applied, "its own namespace frees it");
    }
}

/// Done, released and unknown ones.
pub async fn are_forgotten_apart<B: Backend>(t: Trial<B>) {
    for state in [StateKind::Done, StateKind::Released, StateKind::Unknown] {
        let key = &format!("{state}");
        let before = bring(&t, OURS, key, state).await;
        let forgetting = |namespace| Forget::new(Namespace::new(namespace), address(key), Seen::of(&before));
        let forget = async |namespace| sound("forgetting", t.store().forget(forgetting(namespace)).await);
        assert_eq!(forget(THEIRS).await, WriteOutcome::Lost(RecordView::Absent), "{RULE}");
        t.assert_unchanged(key, &before, RULE).await;
        assert_eq!(forget(OURS).await, WriteOutcome::Applied, "its own namespace forgets it");
        assert_eq!(t.record(key).await, None, "and it is gone");
    }
}

/// What has expired has expired for all namespaces.
pub async fn expire_together<B: Backend>(t: Trial<B>) {
    for (namespace, key) in [(OURS, "ours"), (THEIRS, "theirs")] {
        let owner = t.won(claim_of(&t, namespace, key)).await.owner;
        let done = t.complete_for(key, owner, &reply(key), t.short()).await;
        assert_eq!(done, WriteOutcome::Applied, "an owner may complete");
    }
    t.pass_short().await;
    t.reap(usize::MAX).await;
    assert_eq!((t.record("ours").await, t.record("theirs").await), (None, None), "both are gone");
}
