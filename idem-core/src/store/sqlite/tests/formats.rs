//! Rows that only a newer version understands, and rows that no version understands.

use super::*;
use crate::protocol::{Fence, RecordView, State, WriteOutcome};
use crate::store::{Page, Sweep};

/// Every column as text, which shows any change.
fn dump(shell: &Connection) -> Vec<String> {
    let columns = "address, format, state, fence, nonce, until, attempts, after_crash, recipe, digest, \
                   created, label, key_hint, reply, audit";
    let quoted: Vec<_> = columns.split(", ").map(|column| format!("quote({column})")).collect();
    let row = quoted.join(" || ',' || ");
    texts(shell, &format!("SELECT {row} AS row FROM idem_record ORDER BY address"), "row")
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_neither_matched_nor_touched() {
    for newer in ["format = 2", "state = 9", "state = 0", "recipe = 200", "after_crash = 7"] {
        let dir = Dir::new();
        let clock = Arc::new(HandClock::default());
        let store = dir.store_with(&clock).await;
        let shell = dir.shell();
        complete(&store, "done").await;
        let owner = win(&store, "running").await;
        sql(&shell, &format!("UPDATE idem_record SET {newer}"));
        let before = dump(&shell);
        // Both the lease and the retention are over.
        clock.advance(Duration::from_hours(2));

        for key in ["done", "running"] {
            assert_eq!(kind(store.claim(claim(key)).await), StoreErrorKind::UnknownFormat, "{newer}");
            assert_eq!(kind(store.look_up(address(key)).await), StoreErrorKind::UnknownFormat, "{newer}");
            let completed = store.complete(completion(key, owner)).await;
            assert_eq!(kind(completed), StoreErrorKind::UnknownFormat, "{newer}");
        }
        assert_eq!(store.reap(10).await.unwrap(), 0, "{newer}");
        let sweep = Sweep { namespace: namespace(), grace: Duration::ZERO, retention: MINUTE, limit: 10 };
        assert_eq!(store.sweep(sweep).await.unwrap(), crate::store::SweepCount::default(), "{newer}");
        assert_eq!(dump(&shell), before, "{newer}");
        // Another operation in the same round is served.
        win(&store, "other").await;
    }
}

#[tokio::test]
async fn the_recipes_that_sql_knows_are_those_that_the_code_knows() {
    let dir = Dir::new();
    let clock = Arc::new(HandClock::default());
    let store = dir.store_with(&clock).await;
    for recipe in 0..=u8::MAX {
        complete(&store, &recipe.to_string()).await;
        let set = format!("UPDATE idem_record SET recipe = {recipe} WHERE key_hint = '{recipe}'");
        sql(&dir.shell(), &set.replace("key_hint", "substr(CAST(reply AS TEXT), 11)"));
    }
    clock.advance(Duration::from_hours(2));
    let known = (0..=u8::MAX).filter(|recipe| Fingerprint::from_stored(*recipe, [0; 32]).is_some()).count();
    assert_eq!(store.reap(1000).await.unwrap(), known);
}

#[tokio::test]
async fn nonsense_in_a_row_is_damage() {
    for nonsense in ["nonce = x'00'", "fence = -1", "until = NULL", "digest = x''", "state = 2"] {
        let dir = Dir::new();
        let store = dir.store().await;
        win(&store, "k").await;
        sql(&dir.shell(), &format!("UPDATE idem_record SET {nonsense}"));
        let damaged_in = if nonsense == "state = 2" { StateKind::Done } else { StateKind::Running };
        assert_eq!(kind(store.claim(claim("k")).await), StoreErrorKind::Corrupt, "{nonsense}");
        assert_eq!(kind(store.look_up(address("k")).await), StoreErrorKind::Corrupt, "{nonsense}");
        for state in [StateKind::Running, StateKind::Done] {
            // An error, or the page without it: never a record made up.
            let page = store.list(Page { namespace: namespace(), state, after: None, limit: 10 }).await;
            assert!(page.is_ok_and(|entries| entries.is_empty()) != (state == damaged_in), "{nonsense}");
        }
    }
}

#[tokio::test]
async fn the_states_of_sagas_are_read() {
    let dir = Dir::new();
    let store = dir.store().await;
    win(&store, "k").await;
    let shell = dir.shell();
    sql(&shell, "UPDATE idem_record SET state = 5, until = NULL");
    assert_eq!(store.look_up(address("k")).await.unwrap().unwrap().state, State::Unwinding);
    let outcome = store.claim(claim("k")).await.unwrap();
    assert_eq!(outcome, ClaimOutcome::InFlight { lease_left: Duration::ZERO });
    sql(&shell, "UPDATE idem_record SET state = 6");
    assert_eq!(store.look_up(address("k")).await.unwrap().unwrap().state, State::Stuck);
    assert_eq!(store.count(counting(StateKind::Stuck)).await.unwrap(), 1);
}

#[tokio::test]
async fn numbers_beyond_what_sqlite_holds_do_no_harm() {
    let dir = Dir::new();
    let store = dir.store().await;
    let owner = owner_of(store.claim(Claim { lease: Duration::MAX, ..claim("k") }).await);
    let stranger = Owner { fence: Fence::from_u64(u64::MAX), ..owner };
    let lost = store.complete(completion("k", stranger)).await.unwrap();
    assert_eq!(lost, WriteOutcome::Lost(RecordView::Running));
    let done = Completion { retention: Duration::MAX, ..completion("k", owner) };
    assert_eq!(store.complete(done).await.unwrap(), WriteOutcome::Applied);
    assert_eq!(store.reap(usize::MAX).await.unwrap(), 0);
    let sweep =
        Sweep { namespace: namespace(), grace: Duration::MAX, retention: Duration::MAX, limit: usize::MAX };
    assert_eq!(store.sweep(sweep).await.unwrap(), crate::store::SweepCount::default());
}
