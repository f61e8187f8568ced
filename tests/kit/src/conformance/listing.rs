//! What operators see: lists in pages, and counts.

use crate::trial::{address, counting, namespace, reply, sound};
use crate::{Backend, Trial};
use idem_core::address::Address;
use idem_core::protocol::{AfterCrash, StateKind, WriteOutcome};
use idem_core::store::{Entry, Page, Store};

/// Two running, three done, one released, two unknown.
async fn mixture<B: Backend>(t: &Trial<B>) {
    for key in ["r1", "d1", "u1", "f1", "d2", "u2", "d3", "r2"] {
        let owner = t.owner_of(key).await;
        let applied = match key.as_bytes()[0] {
            b'd' => t.complete(key, owner, &reply(key)).await,
            b'f' => t.release(key, owner).await,
            b'u' => t.mark_unknown(key, owner).await,
            _ => WriteOutcome::Applied,
        };
        assert_eq!(applied, WriteOutcome::Applied, "an owner may end its run");
    }
}

async fn list<B: Backend>(
    t: &Trial<B>,
    state: StateKind,
    after: Option<Address>,
    limit: usize,
) -> Vec<Entry> {
    sound("a list", t.store().list(Page::new(namespace(), state, after, limit)).await)
}

fn sorted(keys: &[&str]) -> Vec<Address> {
    let mut addresses: Vec<_> = keys.iter().map(|key| address(key)).collect();
    addresses.sort();
    addresses
}

/// Only that state, each record as a look-up shows it.
pub async fn lists_one_state_by_address<B: Backend>(t: Trial<B>) {
    mixture(&t).await;
    for (state, keys) in [
        (StateKind::Running, &["r1", "r2"][..]),
        (StateKind::Done, &["d1", "d2", "d3"]),
        (StateKind::Released, &["f1"]),
        (StateKind::Unknown, &["u1", "u2"]),
        (StateKind::Unwinding, &[]),
        (StateKind::Stuck, &[]),
    ] {
        for limit in [100, usize::MAX] {
            let entries = list(&t, state, None, limit).await;
            let listed: Vec<_> = entries.iter().map(|entry| entry.address).collect();
            assert_eq!(listed, sorted(keys), "the {state} records by address, and only these");
        }
        for key in keys {
            let entries = list(&t, state, None, 100).await;
            let entry =
                entries.into_iter().find(|entry| entry.address == address(key)).expect("it was just listed");
            assert_eq!(entry.record, t.present(key).await, "a list shows the record as a look-up does");
        }
    }
    assert!(list(&t, StateKind::Done, None, 0).await.is_empty(), "a page of none is empty");
}

/// No gap and no repeat from page to page.
pub async fn pages_meet_every_record_once<B: Backend>(t: Trial<B>) {
    let keys: Vec<String> = (0..17).map(|number| format!("k{number}")).collect();
    for key in &keys {
        t.abandon(key, AfterCrash::Unknown).await;
    }
    for size in [1, 5, 17, 18] {
        let mut after = None;
        let mut met = Vec::new();
        loop {
            let page = list(&t, StateKind::Running, after, size).await;
            assert!(page.len() <= size, "a page holds no more than was asked for");
            let Some(last) = page.last() else { break };
            after = Some(last.address);
            met.extend(page.iter().map(|entry| entry.address));
            assert!(met.len() <= keys.len(), "a page begins after the last one: {size} to a page");
        }
        let all: Vec<&str> = keys.iter().map(String::as_str).collect();
        assert_eq!(met, sorted(&all), "pages of {size} meet every record once, by address");
    }
}

/// Before anything, and after each move.
pub async fn counts_each_state<B: Backend>(t: Trial<B>) {
    let counts = async || {
        let mut counts = Vec::new();
        for state in StateKind::ALL {
            counts.push(sound("a count", t.store().count(counting(state)).await));
        }
        counts
    };
    assert_eq!(counts().await, [0, 0, 0, 0, 0, 0], "a new store is empty");
    mixture(&t).await;
    assert_eq!(counts().await, [2, 3, 1, 2, 0, 0], "running, done, released, unknown");
    let seen = t.present("u1").await.owner;
    assert_eq!(t.forget("u1", seen).await, WriteOutcome::Applied, "an unknown record can be forgotten");
    let owner = t.present("r1").await.owner;
    assert_eq!(t.complete("r1", owner, &reply("end")).await, WriteOutcome::Applied, "an owner may complete");
    assert_eq!(counts().await, [1, 4, 1, 1, 0, 0], "one was forgotten, one completed");
}
