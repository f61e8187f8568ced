//! A result for which the predicate is false frees the key, be it a value or an error.

use idem_core::{Idem, Refused, idempotent};

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

#[idempotent(with = idem, key = order, name = "closure", store_if = |result| result.as_ref().is_ok_and(|run| *run > 1))]
async fn closure(idem: &Idem, order: u64) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[idempotent(with = idem, key = order, name = "path", store_if = even)]
async fn path(idem: &Idem, order: u64) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

fn even(result: &Result<u64, Refused>) -> bool {
    matches!(result, Ok(run) if run % 2 == 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    for expected in [1, 2, 2] {
        assert_eq!(closure(&idem, 1).await, Ok(expected));
    }
    for expected in [3, 4, 4] {
        assert_eq!(path(&idem, 1).await, Ok(expected));
    }
}
