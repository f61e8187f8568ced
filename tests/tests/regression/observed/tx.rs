//! The numbers of plain functions in transactions.

use std::path::Path;
use std::time::Duration;

use idem_core::protocol::{Claim, Nonce, Terms};
use idem_core::store::Store;
use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::SqliteTx;
use idem_core::{Address, AfterCrash, Ambiguous, Fingerprint, Idem, Refused, Scope, idempotent};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tokio::sync::Notify;

use super::recorded::{CALLS, of, recorded};

const HOUR: Duration = Duration::from_hours(1);

#[derive(Debug, PartialEq, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the bank said no")]
    No,
}

#[idempotent(with = idem, key = key, name = "numbers-in-transactions", fingerprint = amount, optional)]
async fn pay(
    idem: &Idem<SqliteStore>,
    key: Option<&str>,
    amount: u32,
    #[tx] tx: &mut SqliteTx<'_>,
) -> Result<u32, Failed> {
    let _ = tx;
    if amount == 0 { Err(Failed::No) } else { Ok(amount) }
}

#[idempotent(with = idem, key = key, name = "doubtful-numbers-in-transactions")]
async fn doubt(
    idem: &Idem<SqliteStore>,
    key: &str,
    #[tx] tx: &mut SqliteTx<'_>,
) -> Result<u32, Ambiguous<Failed>> {
    let _ = tx;
    Err(Ambiguous(Failed::No))
}

/// A file, and a pool of connections to it.
pub(super) async fn store(path: &Path) -> (SqlitePool, SqliteStore) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let pool = SqlitePoolOptions::new().connect_with(options).await.expect("a pool");
    let store = SqliteStore::builder(path).pool(&pool).open().await.expect("a store");
    (pool, store)
}

#[test]
fn calls_in_transactions_are_counted_by_how_they_ended() {
    let directory = tempfile::tempdir().expect("a directory");
    let lines = recorded(async {
        let (pool, store) = store(&directory.path().join("idem.db")).await;
        let idem = Idem::builder(store).scope(Scope::public()).build();
        for _ in 0..3 {
            assert_eq!(pay(&idem, Some("a"), 7).await, Ok(7));
        }
        assert_eq!(pay(&idem, Some("a"), 8).await, Err(Failed::Refused(Refused::KeyReused)));
        for _ in 0..2 {
            assert_eq!(pay(&idem, Some("b"), 0).await, Err(Failed::No));
        }
        for _ in 0..4 {
            assert_eq!(pay(&idem, None, 7).await, Ok(7));
        }
        assert!(matches!(pay(&idem, Some(""), 7).await, Err(Failed::Refused(Refused::KeyInvalid(_)))));
        assert_eq!(doubt(&idem, "a").await, Err(Ambiguous(Failed::No)));
        for _ in 0..2 {
            let refused = doubt(&idem, "a").await.expect_err("nothing runs");
            assert_eq!(refused.0, Failed::Refused(Refused::OutcomeUnknown));
        }
        pool.close().await;
    });
    let counted = [
        "idem_attempts_total operation=doubtful-numbers-in-transactions repeated=false: 1",
        "idem_attempts_total operation=numbers-in-transactions repeated=false: 3",
        "idem_operations_total operation=doubtful-numbers-in-transactions outcome=refused: 2",
        "idem_operations_total operation=doubtful-numbers-in-transactions outcome=unknown: 1",
        "idem_operations_total operation=numbers-in-transactions outcome=completed: 1",
        "idem_operations_total operation=numbers-in-transactions outcome=refused: 2",
        "idem_operations_total operation=numbers-in-transactions outcome=released: 2",
        "idem_operations_total operation=numbers-in-transactions outcome=replayed: 2",
        "idem_operations_total operation=numbers-in-transactions outcome=unprotected: 4",
        "idem_refusals_total code=idempotency-key-invalid operation=numbers-in-transactions: 1",
        "idem_refusals_total code=idempotency-key-reused operation=numbers-in-transactions: 1",
        "idem_refusals_total code=outcome-unknown operation=doubtful-numbers-in-transactions: 2",
        "idem_wait_seconds operation=doubtful-numbers-in-transactions: 3 values",
        "idem_wait_seconds operation=numbers-in-transactions: 6 values",
    ];
    assert_eq!(of(&lines, &CALLS), counted);
}

#[idempotent(with = idem, key = key, name = "numbers-of-the-left")]
async fn never_ends(
    idem: &Idem<SqliteStore>,
    key: &str,
    begun: &Notify,
    #[tx] tx: &mut SqliteTx<'_>,
) -> Result<u32, Failed> {
    let _ = tx;
    begun.notify_one();
    std::future::pending().await
}

#[test]
fn a_call_whose_caller_leaves_in_the_handler_is_counted_as_released() {
    let directory = tempfile::tempdir().expect("a directory");
    let lines = recorded(async {
        let (pool, store) = store(&directory.path().join("idem.db")).await;
        let idem = Idem::builder(store).scope(Scope::public()).build();
        let begun = Notify::new();
        tokio::select! {
            _ = never_ends(&idem, "a", &begun) => panic!("it never ends"),
            () = begun.notified() => {}
        }
        pool.close().await;
    });
    let counted = [
        "idem_attempts_total operation=numbers-of-the-left repeated=false: 1",
        "idem_operations_total operation=numbers-of-the-left outcome=released: 1",
        "idem_wait_seconds operation=numbers-of-the-left: 1 values",
    ];
    assert_eq!(of(&lines, &CALLS), counted);
}

/// Of a record that this process has not in its cache.
#[test]
fn a_replay_of_what_another_process_did_is_counted_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("idem.db");
    let lines = recorded(async {
        for _ in 0..2 {
            let (pool, store) = store(&path).await;
            let idem = Idem::builder(store).scope(Scope::public()).build();
            assert_eq!(pay(&idem, Some("a"), 7).await, Ok(7));
            pool.close().await;
        }
    });
    let counted = [
        "idem_attempts_total operation=numbers-in-transactions repeated=false: 1",
        "idem_operations_total operation=numbers-in-transactions outcome=completed: 1",
        "idem_operations_total operation=numbers-in-transactions outcome=replayed: 1",
        "idem_wait_seconds operation=numbers-in-transactions: 2 values",
    ];
    assert_eq!(of(&lines, &CALLS), counted);
}

/// The owner of the first run is a process that is gone: its engine no longer renews.
#[test]
fn a_take_over_in_a_transaction_is_counted() {
    let directory = tempfile::tempdir().expect("a directory");
    let lines = recorded(async {
        let (pool, store) = store(&directory.path().join("idem.db")).await;
        let lease = Duration::from_millis(1);
        let address = Address::new("", b"", "numbers-in-transactions", b"a");
        let print = Fingerprint::of_value(&7_u32).expect("a fingerprint");
        let claim = Claim::new(address, Nonce::fresh(), print, lease, Terms::new(HOUR, lease, ""));
        let _won = store.claim(claim.after_crash(AfterCrash::Rerun)).await.expect("a claim");
        let idem = Idem::builder(store).scope(Scope::public()).build();
        // Until the lease has ended.
        while pay(&idem, Some("a"), 7).await.is_err() {
            tokio::time::sleep(lease).await;
        }
        pool.close().await;
    });
    let counted = [
        "idem_attempts_total operation=numbers-in-transactions repeated=true: 1",
        "idem_takeovers_total operation=numbers-in-transactions: 1",
    ];
    assert_eq!(of(&lines, &["idem_attempts_total", "idem_takeovers_total"]), counted);
}
