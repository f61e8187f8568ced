//! An error that says itself what it means: a final one is replayed, an ambiguous one is never run again by itself.

use idem_core::{Classify, ErrorClass, Idem, Refused, idempotent};
use serde::{Deserialize, Serialize};

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum PayError {
    Declined { run: u64 },
    Timeout,
    Busy,
    Refused(String),
}

impl From<Refused> for PayError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.code().to_owned())
    }
}

impl Classify for PayError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Declined { .. } => ErrorClass::Final,
            Self::Timeout => ErrorClass::Ambiguous,
            Self::Busy => ErrorClass::NoEffect,
            Self::Refused(_) => ErrorClass::Default,
        }
    }
}

// What the error says goes before `on_error`.
#[idempotent(with = idem, key = order, name = "pay", on_error = unknown)]
async fn pay(idem: &Idem, order: &str) -> Result<(), PayError> {
    let run = RUNS.next();
    match order {
        "declined" => Err(PayError::Declined { run }),
        "timeout" => Err(PayError::Timeout),
        _ => Err(PayError::Busy),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    for _ in 0..2 {
        assert_eq!(pay(&idem, "declined").await, Err(PayError::Declined { run: 1 }));
    }
    assert_eq!(pay(&idem, "timeout").await, Err(PayError::Timeout));
    assert_eq!(pay(&idem, "timeout").await, Err(PayError::Refused("outcome-unknown".to_owned())));
    assert_eq!(RUNS.total(), 2);
    assert_eq!(pay(&idem, "busy").await, Err(PayError::Busy));
    assert_eq!(pay(&idem, "busy").await, Err(PayError::Busy));
    assert_eq!(RUNS.total(), 4);
}
