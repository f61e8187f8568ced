//! A body that no other thread may run: it stays in its caller's future.

use std::cell::Cell;
use std::rc::Rc;

use idem_core::{Idem, Refused, idempotent};

use crate::support;

#[idempotent(with = idem, key = order, name = "settle")]
async fn settle(idem: &Idem, order: u64, runs: Rc<Cell<u64>>) -> Result<u64, Refused> {
    tokio::task::yield_now().await;
    runs.set(runs.get() + 1);
    Ok(runs.get())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let (idem, runs) = (support::idem(), Rc::new(Cell::new(0)));
    for _ in 0..2 {
        assert_eq!(settle(&idem, 1, Rc::clone(&runs)).await, Ok(1));
    }
    assert_eq!(runs.get(), 1);
}
