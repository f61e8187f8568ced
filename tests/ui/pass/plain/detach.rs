//! A body in a task of its own goes on when its caller has gone, and the next call gets its value.

use std::sync::Arc;

use idem_core::{Idem, Refused, idempotent};
use tokio::sync::Notify;

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

#[derive(Default)]
struct Gate {
    entered: Notify,
    open: Notify,
}

struct Ledger {
    idem: Idem,
    gate: Gate,
}

impl Ledger {
    #[idempotent(with = self.idem, key = order, name = "settle", detach, wait = "5m")]
    async fn settle(self: Arc<Self>, order: u64, (memo, _): (String, u8)) -> Result<String, Refused> {
        self.gate.entered.notify_one();
        self.gate.open.notified().await;
        Ok(format!("{memo} {}", RUNS.next()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let ledger = Arc::new(Ledger { idem: support::idem(), gate: Gate::default() });
    let call = || Arc::clone(&ledger).settle(1, ("memo".to_owned(), 0));

    let caller = tokio::spawn(call());
    ledger.gate.entered.notified().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());

    ledger.gate.open.notify_one();
    assert_eq!(call().await.as_deref(), Ok("memo 1"));
    assert_eq!(RUNS.total(), 1);
}
