//! The numbers of plain functions.

use std::sync::Arc;
use std::time::Duration;

use idem_core::protocol::StateKind;
use idem_core::store::Store;
use idem_core::store::memory::MemoryStore;
use idem_core::store::sqlite::SqliteStore;
use idem_core::{AfterCrash, Ambiguous, Drained, Idem, NoEffect, Refused, Scope, idempotent};
use tokio::sync::Notify;

use super::away::Away;
use super::recorded::{CALLS, of, recorded};

#[derive(Debug, PartialEq, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the bank said no")]
    No,
}

#[idempotent(with = idem, key = key, name = "numbers", fingerprint = amount, optional)]
async fn pay(idem: &Idem, key: Option<&str>, amount: u32) -> Result<u32, Failed> {
    if amount == 0 { Err(Failed::No) } else { Ok(amount) }
}

#[idempotent(with = idem, key = key, name = "doubtful-numbers")]
async fn doubt(idem: &Idem, key: &str) -> Result<u32, Ambiguous<Failed>> {
    Err(Ambiguous(Failed::No))
}

#[idempotent(with = idem, key = key, name = "effectless-numbers")]
async fn undo(idem: &Idem, key: &str) -> Result<u32, NoEffect<Failed>> {
    Err(NoEffect(Failed::No))
}

#[idempotent(with = idem, key = key, name = "held-numbers")]
async fn hold(idem: &Idem, key: &str, inside: &Notify, go_on: &Notify) -> Result<u32, Failed> {
    inside.notify_one();
    go_on.notified().await;
    Ok(1)
}

fn idem<S: Store>(store: S) -> Idem {
    Idem::builder(store).scope(Scope::public()).build().erase()
}

/// A call of [`hold`] that is inside its body.
struct Held {
    go_on: Arc<Notify>,
    call: tokio::task::JoinHandle<Result<u32, Failed>>,
}

impl Held {
    async fn start(idem: &Idem, key: &'static str) -> Self {
        let (inside, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let call = tokio::spawn({
            let (idem, inside, go_on) = (idem.clone(), Arc::clone(&inside), Arc::clone(&go_on));
            async move { hold(&idem, key, &inside, &go_on).await }
        });
        inside.notified().await;
        Self { go_on, call }
    }

    async fn end(self) -> Result<u32, Failed> {
        self.go_on.notify_one();
        self.call.await.expect("no panic")
    }
}

#[test]
fn calls_are_counted_by_how_they_ended() {
    let lines = recorded(async {
        let idem = idem(MemoryStore::new());
        for _ in 0..3 {
            assert_eq!(pay(&idem, Some("a"), 7).await, Ok(7));
        }
        assert_eq!(pay(&idem, Some("a"), 8).await, Err(Failed::Refused(Refused::KeyReused)));
        assert_eq!(pay(&idem, Some("b"), 7).await, Ok(7));
        for _ in 0..2 {
            assert_eq!(pay(&idem, Some("c"), 0).await, Err(Failed::No));
        }
        for _ in 0..4 {
            assert_eq!(pay(&idem, None, 7).await, Ok(7));
        }
        assert!(matches!(pay(&idem, Some(""), 7).await, Err(Failed::Refused(Refused::KeyInvalid(_)))));
    });
    let counted = [
        "idem_attempts_total operation=numbers repeated=false: 3",
        "idem_attempts_total operation=numbers repeated=true: 1",
        "idem_operations_total operation=numbers outcome=completed: 2",
        "idem_operations_total operation=numbers outcome=refused: 2",
        "idem_operations_total operation=numbers outcome=released: 2",
        "idem_operations_total operation=numbers outcome=replayed: 2",
        "idem_operations_total operation=numbers outcome=unprotected: 4",
        "idem_refusals_total code=idempotency-key-invalid operation=numbers: 1",
        "idem_refusals_total code=idempotency-key-reused operation=numbers: 1",
        // Attempts, replays, and the refusal of a call that had an operation.
        "idem_wait_seconds operation=numbers: 7 values",
    ];
    assert_eq!(of(&lines, &CALLS), counted);
    let calls = [
        "idem_store_call_seconds call=claim result=ok: 7 values",
        "idem_store_call_seconds call=complete result=ok: 2 values",
        "idem_store_call_seconds call=release result=ok: 2 values",
    ];
    assert_eq!(of(&lines, &["idem_store_call_seconds"]), calls);
}

#[test]
fn an_unknown_outcome_is_counted_once_and_each_call_after_it_is_refused() {
    let lines = recorded(async {
        let idem = idem(MemoryStore::new());
        assert_eq!(doubt(&idem, "a").await, Err(Ambiguous(Failed::No)));
        for _ in 0..2 {
            let refused = doubt(&idem, "a").await.expect_err("nothing runs");
            assert_eq!(refused.0, Failed::Refused(Refused::OutcomeUnknown));
        }
        assert_eq!(undo(&idem, "a").await, Err(NoEffect(Failed::No)));
    });
    let counted = [
        "idem_attempts_total operation=doubtful-numbers repeated=false: 1",
        "idem_attempts_total operation=effectless-numbers repeated=false: 1",
        "idem_operations_total operation=doubtful-numbers outcome=refused: 2",
        "idem_operations_total operation=doubtful-numbers outcome=unknown: 1",
        "idem_operations_total operation=effectless-numbers outcome=released: 1",
        "idem_refusals_total code=outcome-unknown operation=doubtful-numbers: 2",
        "idem_wait_seconds operation=doubtful-numbers: 3 values",
        "idem_wait_seconds operation=effectless-numbers: 1 values",
    ];
    assert_eq!(of(&lines, &CALLS), counted);
}

#[test]
fn a_call_beside_a_running_one_and_a_call_that_lost_its_claim_are_counted() {
    let lines = recorded(async {
        let store = Arc::new(MemoryStore::new());
        let (idem, other) = (idem(Arc::clone(&store)), idem(store));
        let held = Held::start(&idem, "a").await;
        let beside = hold(&idem, "a", &Notify::new(), &Notify::new()).await;
        assert!(matches!(beside, Err(Failed::Refused(Refused::InProgress { .. }))), "{beside:?}");
        let entry = other.operator().list(StateKind::Running, None, 1).await.expect("a list").remove(0);
        let freed = other.operator().by("ada").because("the process is dead").release(&entry).await;
        assert!(freed.is_ok(), "{freed:?}");
        let lost = held.end().await;
        assert!(matches!(lost, Err(Failed::Refused(_))), "{lost:?}");
    });
    let counted = [
        "idem_attempts_total operation=held-numbers repeated=false: 1",
        "idem_operations_total operation=held-numbers outcome=lost: 1",
        "idem_operations_total operation=held-numbers outcome=refused: 1",
        "idem_refusals_total code=request-in-progress operation=held-numbers: 1",
        "idem_wait_seconds operation=held-numbers: 2 values",
    ];
    assert_eq!(of(&lines, &CALLS), counted);
}

/// The cache is of this process, and the other engine has another one.
#[test]
fn looks_into_the_cache_are_counted() {
    let directory = tempfile::tempdir().expect("a directory");
    let lines = recorded(async {
        let store = SqliteStore::open(directory.path().join("idem.db")).await.expect("a store");
        let idem = idem(store);
        for _ in 0..4 {
            assert_eq!(pay(&idem, Some("a"), 7).await, Ok(7));
        }
        assert_eq!(pay(&idem, Some("a"), 8).await, Err(Failed::Refused(Refused::KeyReused)));
    });
    let counted = ["idem_cache_total result=hit: 4", "idem_cache_total result=miss: 1"];
    assert_eq!(of(&lines, &["idem_cache_total"]), counted);
    let calls = [
        "idem_store_call_seconds call=claim result=ok: 1 values",
        "idem_store_call_seconds call=complete result=ok: 1 values",
    ];
    assert_eq!(of(&lines, &["idem_store_call_seconds"]), calls);
}

#[test]
fn a_store_that_is_away_is_counted_by_what_the_call_may_do() {
    let lines = recorded(async {
        let idem = idem(Away);
        let refused = pay(&idem, Some("a"), 7).await;
        assert!(matches!(refused, Err(Failed::Refused(Refused::StoreUnavailable { .. }))), "{refused:?}");
        let open = Idem::builder(Away).scope(Scope::public()).fail_open(true).build().erase();
        assert_eq!(pay(&open, Some("a"), 7).await, Ok(7));
        assert_eq!(open.drain(Duration::ZERO).await, Drained::Clean);
        let drained = pay(&open, Some("a"), 7).await;
        assert!(matches!(drained, Err(Failed::Refused(Refused::ShuttingDown { .. }))), "{drained:?}");
    });
    let counted = [
        "idem_operations_total operation=numbers outcome=refused: 2",
        "idem_operations_total operation=numbers outcome=unprotected: 1",
        "idem_refusals_total code=shutting-down operation=numbers: 1",
        "idem_refusals_total code=store-unavailable operation=numbers: 1",
        "idem_wait_seconds operation=numbers: 2 values",
    ];
    assert_eq!(of(&lines, &CALLS), counted);
    let calls = of(&lines, &["idem_store_call_seconds"]);
    assert!(calls.iter().all(|line| line.contains("call=claim result=error")), "{calls:?}");
}

/// The owner of the first run is a process that is gone: its engine no longer renews.
#[test]
fn a_take_over_is_counted() {
    use idem_core::protocol::{Claim, Nonce, Terms};
    use idem_core::{Address, Fingerprint};

    let lines = recorded(async {
        let store = Arc::new(MemoryStore::new());
        let address = |key: &str| Address::new("", b"", "numbers", key.as_bytes());
        let lease = Duration::from_millis(1);
        let claim = |key: &str| {
            let print = Fingerprint::of_value(&7_u32).expect("a fingerprint");
            let terms = Terms::new(Duration::from_hours(1), lease, "");
            Claim::new(address(key), Nonce::fresh(), print, lease, terms).after_crash(AfterCrash::Rerun)
        };
        for key in ["a", "b"] {
            let _won = store.claim(claim(key)).await.expect("a claim");
        }
        let idem = idem(store);
        // Until the leases have ended.
        for key in ["a", "b"] {
            while pay(&idem, Some(key), 7).await.is_err() {
                tokio::time::sleep(lease).await;
            }
        }
        assert_eq!(pay(&idem, Some("c"), 7).await, Ok(7));
    });
    let counted = [
        "idem_attempts_total operation=numbers repeated=false: 1",
        "idem_attempts_total operation=numbers repeated=true: 2",
        "idem_takeovers_total operation=numbers: 2",
    ];
    assert_eq!(of(&lines, &["idem_attempts_total", "idem_takeovers_total"]), counted);
}
