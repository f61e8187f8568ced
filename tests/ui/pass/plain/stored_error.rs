//! `on_error = store` replays errors, and `on_error = unknown` runs none of them again.

use idem_core::{Idem, Refused, idempotent};
use serde::{Deserialize, Serialize};

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Error {
    Declined { run: u64 },
    Refused(String),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.code().to_owned())
    }
}

#[idempotent(with = idem, key = order, name = "stored", on_error = store)]
async fn stored(idem: &Idem, order: u64) -> Result<(), Error> {
    Err(Error::Declined { run: RUNS.next() })
}

#[idempotent(with = idem, key = order, name = "unknown", on_error = unknown)]
async fn unknown(idem: &Idem, order: u64) -> Result<(), Error> {
    Err(Error::Declined { run: RUNS.next() })
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    assert_eq!(stored(&idem, 1).await, Err(Error::Declined { run: 1 }));
    assert_eq!(stored(&idem, 1).await, Err(Error::Declined { run: 1 }));
    assert_eq!(unknown(&idem, 1).await, Err(Error::Declined { run: 2 }));
    assert_eq!(unknown(&idem, 1).await, Err(Error::Refused("outcome-unknown".to_owned())));
    assert_eq!(RUNS.total(), 2);
}
