//! Transactions: shared, beaten, blocked, poisoned and bounded.

use std::sync::Arc;

use super::*;
use crate::protocol::{State, StateKind};
use crate::store::{Batch, Forget};

/// How many transactions the write-ahead log holds: a frame that ends one carries the database's size.
/// See <https://www.sqlite.org/fileformat2.html#walformat>.
fn commits(dir: &Dir) -> usize {
    let log = std::fs::read(dir.0.join("idem.db-wal")).unwrap();
    let (header, frames) = log.split_at(32);
    let page = u32::from_be_bytes(header[8..12].try_into().unwrap()) as usize;
    let current = |frame: &&[u8]| frame.len() > 24 && frame[8..16] == header[16..24];
    frames.chunks(24 + page).take_while(current).filter(|frame| frame[4..8] != [0; 4]).count()
}

#[tokio::test]
async fn what_waits_shares_one_transaction() {
    let dir = Dir::new();
    let clock = Arc::new(HandClock::default());
    let store = dir.store_with(&clock).await;
    let before = commits(&dir);
    let gate = clock.hold();
    let mut first = store.claim(claim("first"));
    assert!(is_pending(&mut first).await);
    gate.reached();
    let (batch, _) = Batch::new((0..100).map(|key| claim(&key.to_string())).collect());
    let mut waiting = store.claim_batch(batch);
    // Polled once, so that all are sent while the writer stands at the gate.
    let pending =
        std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await;
    assert!(pending);
    drop(gate);
    owner_of(first.await);
    all_won(waiting.await);
    assert_eq!(commits(&dir) - before, 2);
}

#[tokio::test]
async fn a_duplicate_writes_nothing() {
    let dir = Dir::new();
    let store = dir.store().await;
    complete(&store, "k").await;
    let before = commits(&dir);
    assert!(matches!(store.claim(claim("k")).await.unwrap(), ClaimOutcome::Replay(_)));
    assert_eq!(commits(&dir), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_claims_over_two_stores_one_wins() {
    let dir = Dir::new();
    let stores = [Arc::new(dir.store().await), Arc::new(dir.store().await)];
    for key in ["a", "b", "c", "d"] {
        let claims: Vec<_> = (0..64)
            .map(|n| {
                let store = Arc::clone(&stores[n % 2]);
                tokio::spawn(async move { store.claim(claim(key)).await.unwrap() })
            })
            .collect();
        let mut won = 0;
        for outcome in claims {
            match outcome.await.unwrap() {
                ClaimOutcome::Won(_) => won += 1,
                ClaimOutcome::InFlight { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(won, 1);
    }
}

#[tokio::test]
async fn several_operations_on_one_key_in_one_round_see_each_other() {
    let dir = Dir::new();
    let clock = Arc::new(HandClock::default());
    let store = dir.store_with(&clock).await;
    let owner = win(&store, "k").await;
    let until = Some(clock.now() + completion("k", owner).retention);
    let seen = crate::protocol::Seen { owner, state: StateKind::Done, until };
    let gate = clock.hold();
    let twin = store.claim(claim("other"));
    let (twin, ()) = tokio::join!(twin, async {
        gate.reached();
        let complete = store.complete(completion("k", owner));
        let forget = store.forget(Forget { namespace: namespace(), address: address("k"), seen });
        let again = store.claim(claim("k"));
        let all = async { tokio::join!(complete, forget, again) };
        // Sent first, then the gate opens.
        let ((completed, forgotten, again), ()) = tokio::join!(all, async { drop(gate) });
        assert_eq!(completed.unwrap(), crate::protocol::WriteOutcome::Applied);
        assert_eq!(forgotten.unwrap(), crate::protocol::WriteOutcome::Applied);
        let again = owner_of(again);
        assert_eq!(store.look_up(address("k")).await.unwrap().unwrap().owner, again);
    });
    owner_of(twin);
}

/// One write of a round finds its record changed: the round is undone and decided again.
async fn beaten(alone: bool) {
    let dir = Dir::new();
    let clock = Arc::new(HandClock::default());
    let slow = dir.store_with(&clock).await;
    let fast = dir.store().await;
    let (plug, gate) = (clock.hold(), clock.hold());
    // While the writer stands at the first gate, the others gather for one round.
    let mut first = slow.claim(claim("plug"));
    assert!(is_pending(&mut first).await);
    plug.reached();
    let keys = if alone { &["k"][..] } else { &["k", "mine", "too"] };
    let (batch, _) = Batch::new(keys.iter().map(|key| claim(key)).collect());
    let order: Vec<_> = batch.iter().map(|claim| claim.address).collect();
    let mut claims = slow.claim_batch(batch);
    assert!(is_pending(&mut claims).await);
    drop(plug);
    // The slow store has seen that there is no record, and has not written yet.
    gate.reached();
    let owner = win(&fast, "k").await;
    drop(gate);
    for (at, outcome) in order.into_iter().zip(claims.await) {
        let record = fast.look_up(at).await.unwrap().unwrap();
        assert_eq!(record.attempts, 1);
        if at == address("k") {
            assert!(matches!(outcome.unwrap(), ClaimOutcome::InFlight { .. }));
            assert_eq!(record.owner, owner);
        } else {
            assert_eq!(record.owner, owner_of(outcome));
        }
    }
}

#[tokio::test]
async fn a_lone_write_that_is_beaten_does_nothing() {
    beaten(true).await;
}

#[tokio::test]
async fn a_round_that_is_beaten_is_decided_again() {
    beaten(false).await;
}

#[tokio::test]
async fn a_claim_is_beaten_by_one_that_is_done_already() {
    let dir = Dir::new();
    let clock = Arc::new(HandClock::default());
    let slow = dir.store_with(&clock).await;
    let fast = dir.store().await;
    let gate = clock.hold();
    let mut late = slow.claim(claim("k"));
    assert!(is_pending(&mut late).await);
    gate.reached();
    complete(&fast, "k").await;
    drop(gate);
    assert!(matches!(late.await.unwrap(), ClaimOutcome::Replay(_)));
    assert_eq!(number(&dir.shell(), "SELECT count(*) FROM idem_record"), 1);
}

#[tokio::test]
async fn a_takeover_is_beaten_by_a_renewal() {
    let dir = Dir::new();
    let clock = Arc::new(HandClock::default());
    let (thief, owner) = (dir.store_with(&clock).await, dir.store_with(&clock).await);
    let rerun = || Claim { after_crash: AfterCrash::Rerun, ..claim("k") };
    let held = owner_of(owner.claim(rerun()).await);
    clock.advance(Duration::from_secs(31));
    let gate = clock.hold();
    let mut theft = thief.claim(rerun());
    assert!(is_pending(&mut theft).await);
    gate.reached();
    let renewal = crate::store::Renewal { address: address("k"), owner: held, lease: MINUTE };
    let renewed = owner.renew(Batch::new(vec![renewal]).0).await.remove(0).unwrap();
    assert_eq!(renewed, crate::protocol::RenewOutcome::Renewed);
    drop(gate);
    assert!(matches!(theft.await.unwrap(), ClaimOutcome::InFlight { .. }));
}

#[tokio::test]
async fn another_writer_is_waited_for_and_then_told_of() {
    let dir = Dir::new();
    let store = SqliteStore::builder(dir.db()).busy_timeout(Duration::from_millis(20)).open().await.unwrap();
    complete(&store, "done").await;
    let shell = dir.shell();
    sql(&shell, "BEGIN IMMEDIATE");
    let (batch, _) = Batch::new(vec![claim("a"), claim("b")]);
    for blocked in store.claim_batch(batch).await {
        assert_eq!(kind(blocked), StoreErrorKind::Unavailable);
    }
    assert_eq!(kind(store.claim(claim("a")).await), StoreErrorKind::Unavailable);
    assert_eq!(kind(store.reap(1).await), StoreErrorKind::Unavailable);
    // What writes nothing needs no lock.
    assert!(matches!(store.claim(claim("done")).await.unwrap(), ClaimOutcome::Replay(_)));
    assert_eq!(store.look_up(address("a")).await.unwrap(), None);
    sql(&shell, "ROLLBACK");
    win(&store, "a").await;
}

#[tokio::test]
async fn a_bad_operation_fails_none_of_its_neighbours() {
    // ROLLBACK also ends the transaction behind the store's back.
    for raise in ["ABORT", "FAIL", "ROLLBACK"] {
        let dir = Dir::new();
        let store = dir.store().await;
        let trigger = format!(
            "CREATE TRIGGER bad BEFORE INSERT ON idem_record WHEN NEW.key_hint = 'ba' BEGIN \
             SELECT RAISE({raise}, 'bad'); END"
        );
        sql(&dir.shell(), &trigger);
        let (batch, _) = Batch::new(["bad!", "a", "b", "c"].map(claim).to_vec());
        let order: Vec<_> = batch.iter().map(|claim| claim.address).collect();
        for (at, outcome) in order.into_iter().zip(store.claim_batch(batch).await) {
            let stored = store.look_up(at).await.unwrap();
            if at == address("bad!") {
                assert_eq!(kind(outcome), StoreErrorKind::Misconfigured, "{raise}");
                assert_eq!(stored, None);
            } else {
                assert_eq!(stored.unwrap().owner, owner_of(outcome), "{raise}");
            }
        }
        assert_eq!(kind(store.claim(claim("bad!")).await), StoreErrorKind::Misconfigured);
    }
}

#[tokio::test]
async fn at_the_bound_new_keys_are_refused_and_known_ones_served() {
    let dir = Dir::new();
    let clock = Arc::new(HandClock::default());
    let open = |bound| {
        let clock = Arc::clone(&clock) as Arc<dyn Clock>;
        SqliteStore::builder(dir.db())
            .durability(Durability::Normal)
            .clock(clock)
            .max_records(Some(bound))
            .open()
    };
    let store = open(3).await.unwrap();
    complete(&store, "a").await;
    let (batch, _) = Batch::new(["b", "c", "d", "e"].map(claim).to_vec());
    let refused = store.claim_batch(batch).await.into_iter().filter(Result::is_err).count();
    assert_eq!(refused, 2);
    assert_eq!(kind(store.claim(claim("new")).await), StoreErrorKind::CapacityExceeded);
    assert!(matches!(store.claim(claim("a")).await.unwrap(), ClaimOutcome::Replay(_)));
    // Another store on the same file counts them, too.
    assert_eq!(kind(open(3).await.unwrap().claim(claim("new")).await), StoreErrorKind::CapacityExceeded);

    // "a" expires, and makes room.
    clock.advance(Duration::from_secs(3601));
    win(&store, "new").await;
    assert_eq!(store.look_up(address("a")).await.unwrap(), None);
    assert_eq!(kind(store.claim(claim("newer")).await), StoreErrorKind::CapacityExceeded);

    // So does an operator's shell.
    let shell = dir.shell();
    sql(&shell, "DELETE FROM idem_record");
    for key in ["x", "y", "z"] {
        win(&store, key).await;
    }
    assert_eq!(kind(store.claim(claim("newer")).await), StoreErrorKind::CapacityExceeded);
}

#[tokio::test]
async fn sweeping_and_reaping_go_on_beyond_one_transaction() {
    let dir = Dir::new();
    let clock = Arc::new(HandClock::default());
    let store = dir.store_with(&clock).await;
    let policy = |n: usize| if n.is_multiple_of(2) { AfterCrash::Rerun } else { AfterCrash::Unknown };
    let terms = Terms::new(MINUTE, MINUTE, "shop");
    let claims = |n: usize| Claim { after_crash: policy(n), terms: terms.clone(), ..claim(&n.to_string()) };
    let claims = (0..700).map(claims).collect();
    all_won(store.claim_batch(Batch::new(claims).0).await);
    clock.advance(MINUTE);
    let sweep =
        crate::store::Sweep { namespace: namespace(), grace: Duration::ZERO, retention: MINUTE, limit: 600 };
    let first = store.sweep(sweep.clone()).await.unwrap();
    assert_eq!(first.unknown + first.released, 600);
    let second = store.sweep(sweep).await.unwrap();
    assert_eq!(second.unknown + second.released, 100);
    assert_eq!(store.count(counting(StateKind::Unknown)).await.unwrap(), 350);
    assert_eq!(store.count(counting(StateKind::Released)).await.unwrap(), 350);
    clock.advance(MINUTE);
    assert_eq!(store.reap(300).await.unwrap(), 300);
    assert_eq!(store.reap(1000).await.unwrap(), 50);
    let page =
        crate::store::Page { namespace: namespace(), state: StateKind::Unknown, after: None, limit: 1000 };
    let entries = store.list(page).await.unwrap();
    assert!(entries.len() == 350 && entries.is_sorted_by_key(|entry| entry.address));
    assert!(entries.iter().all(|entry| entry.record.state == State::Unknown));
}
