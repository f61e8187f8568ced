//! A plain function whose return type has changed since its result was stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Refused, Scope, UnavailableResult, idempotent};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Receipt {
    number: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct NewReceipt {
    number: u32,
    currency: String,
}

static RUNS: AtomicU32 = AtomicU32::new(0);

#[idempotent(with = idem, key = order, name = "settle")]
async fn settle(idem: &Idem, order: u64) -> Result<Receipt, Refused> {
    Ok(Receipt { number: RUNS.fetch_add(1, Ordering::SeqCst) })
}

/// The next version of the same function.
#[idempotent(with = idem, key = order, name = "settle")]
async fn settle_next(idem: &Idem, order: u64) -> Result<NewReceipt, Refused> {
    let number = RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(NewReceipt { number, currency: "EUR".into() })
}

#[tokio::test]
async fn a_result_that_no_longer_decodes_is_unavailable_and_its_function_does_not_run_again() {
    // Two programs on one store.
    let store = Arc::new(MemoryStore::new());
    let [idem, next] =
        [(), ()].map(|()| Idem::builder(Arc::clone(&store)).scope(Scope::public()).build().erase());
    assert_eq!(settle(&idem, 7).await, Ok(Receipt { number: 0 }));
    let refused = settle_next(&next, 7).await;
    assert_eq!(refused, Err(Refused::ResultUnavailable(UnavailableResult::Unreadable)));
    assert_eq!(settle(&idem, 7).await, Ok(Receipt { number: 0 }), "the record is untouched");
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    assert_eq!(settle_next(&next, 8).await.map(|receipt| receipt.number), Ok(1), "other keys run");
}
