//! Where records are in the file: found by part of an address, named by number, and small.

use super::*;
use crate::protocol::WriteOutcome;
use crate::store::{Batch, Page};

fn beginning_alike(last: u8) -> Address {
    let mut bytes = [7; 32];
    bytes[31] = last;
    Address::from_bytes(bytes)
}

#[tokio::test]
async fn addresses_that_begin_alike_are_told_apart() {
    let dir = Dir::new();
    let clock = Arc::new(HandClock::default());
    let store = dir.store_with(&clock).await;
    for last in [3, 1, 2] {
        let address = beginning_alike(last);
        let owner = owner_of(store.claim(Claim { address, ..claim("k") }).await);
        let reply = vec![last].into();
        let completion = Completion { address, reply, ..completion("k", owner) };
        assert_eq!(store.complete(completion).await.unwrap(), WriteOutcome::Applied);
    }
    for last in 1..=3 {
        let again = store.claim(Claim { address: beginning_alike(last), ..claim("k") }).await.unwrap();
        assert!(matches!(again, ClaimOutcome::Replay(replay) if replay.reply.as_bytes() == [last]));
    }
    assert_eq!(store.look_up(beginning_alike(4)).await.unwrap(), None);
    let mut after = None;
    for last in 1..=3 {
        let page = store
            .list(Page { namespace: namespace(), state: StateKind::Done, after, limit: 1 })
            .await
            .unwrap();
        assert_eq!(page[0].address, beginning_alike(last));
        after = Some(page[0].address);
    }
    assert_eq!(
        store.list(Page { namespace: namespace(), state: StateKind::Done, after, limit: 1 }).await.unwrap(),
        []
    );
    clock.advance(Duration::from_hours(1));
    assert_eq!(store.reap(10).await.unwrap(), 3);
}

#[tokio::test]
async fn a_few_labels_have_numbers_and_all_come_back() {
    let dir = Dir::new();
    let store = dir.store().await;
    let claims = (0..1003).map(|n| {
        // Digits alone must not be taken for a number.
        let label = Label::from_stored(&n.to_string());
        Claim { label, ..claim(&n.to_string()) }
    });
    all_won(store.claim_batch(Batch::new(claims.collect()).0).await);
    for n in 0..1003 {
        let record = store.look_up(address(&n.to_string())).await.unwrap().unwrap();
        assert_eq!(record.label.as_str(), n.to_string());
    }
    let shell = dir.shell();
    assert_eq!(number(&shell, "SELECT count(*) FROM idem_label"), 1000);
    assert_eq!(number(&shell, "SELECT count(*) FROM idem_record WHERE typeof(label) = 'integer'"), 1000);
    assert_eq!(number(&shell, "SELECT count(*) FROM idem_record WHERE typeof(label) = 'text'"), 3);
}

#[tokio::test]
async fn a_label_that_is_gone_is_damage() {
    let dir = Dir::new();
    let store = dir.store().await;
    win(&store, "k").await;
    sql(&dir.shell(), "DELETE FROM idem_label");
    assert_eq!(kind(store.look_up(address("k")).await), StoreErrorKind::Corrupt);
}

#[tokio::test]
async fn a_record_adds_little_to_its_reply() {
    const ROUNDS: u64 = 50;
    const EACH: u64 = 200;
    let dir = Dir::new();
    let store = dir.store().await;
    for round in 0..ROUNDS {
        let key = |n: u64| format!("{:016}", round * EACH + n);
        let (claims, _) = Batch::new((0..EACH).map(|n| claim(&key(n))).collect());
        let addresses: Vec<_> = claims.iter().map(|claim| claim.address).collect();
        let won = store.claim_batch(claims).await;
        let completions = addresses.into_iter().zip(won).map(|(address, won)| Completion {
            address,
            owner: owner_of(won),
            reply: vec![7; 256].into(),
            retention: MINUTE,
        });
        for applied in store.complete_batch(Batch::new(completions.collect()).0).await {
            assert_eq!(applied.unwrap(), WriteOutcome::Applied);
        }
    }
    store.close().await;
    // Beside address, fingerprint and reply; the empty file's pages included.
    let bytes = std::fs::metadata(dir.db()).unwrap().len() / (ROUNDS * EACH) - (32 + 32 + 256);
    assert!(bytes <= 120, "{bytes}");
}
