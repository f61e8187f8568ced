//! A body that runs inside its caller's future is dropped with it: its outcome is unknown, unless it may run again.

use idem_core::{Idem, Refused, idempotent};
use tokio::sync::Notify;

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

#[idempotent(with = idem, key = order, name = "careful", wait = "5m")]
async fn careful(idem: &Idem, order: u64, open: &Notify) -> Result<u64, Refused> {
    let run = RUNS.next();
    open.notified().await;
    Ok(run)
}

#[idempotent(with = idem, key = order, name = "repeatable", wait = "5m", after_crash = rerun)]
async fn repeatable(idem: &Idem, order: u64, open: &Notify) -> Result<u64, Refused> {
    let run = RUNS.next();
    open.notified().await;
    Ok(run)
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let (idem, open) = (support::idem(), Notify::new());
    tokio::select! {
        biased;
        _ = careful(&idem, 1, &open) => unreachable!("it waits"),
        () = started(1) => {}
    }
    tokio::select! {
        biased;
        _ = repeatable(&idem, 1, &open) => unreachable!("it waits"),
        () = started(2) => {}
    }
    open.notify_one();
    assert_eq!(careful(&idem, 1, &open).await, Err(Refused::OutcomeUnknown));
    assert_eq!(repeatable(&idem, 1, &open).await, Ok(3));
}

/// Ends when `runs` bodies have begun.
async fn started(runs: u64) {
    while RUNS.total() < runs {
        tokio::task::yield_now().await;
    }
}
