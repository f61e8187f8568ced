//! An `Err` frees the key: the next call runs. With `?` and an early return.

use std::num::ParseIntError;

use idem_core::{Idem, Refused, idempotent};

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

#[derive(Debug, PartialEq)]
enum SettleError {
    Refused(Refused),
    NotANumber,
    Nothing,
}

impl From<Refused> for SettleError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<ParseIntError> for SettleError {
    fn from(_: ParseIntError) -> Self {
        Self::NotANumber
    }
}

type Reply<T> = Result<T, SettleError>;

#[idempotent(with = idem, key = order, name = "settle")]
async fn settle(idem: &Idem, order: &str, amount: &str) -> Reply<u64> {
    RUNS.next();
    let amount: u64 = amount.parse()?;
    if amount == 0 {
        return Err(SettleError::Nothing);
    }
    Ok(amount)
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    assert_eq!(settle(&idem, "o-1", "x").await, Err(SettleError::NotANumber));
    assert_eq!(settle(&idem, "o-1", "0").await, Err(SettleError::Nothing));
    assert_eq!(settle(&idem, "o-1", "5").await, Ok(5));
    assert_eq!(settle(&idem, "o-1", "6").await, Ok(5));
    assert_eq!(RUNS.total(), 3);
    assert_eq!(settle(&idem, "", "5").await.unwrap_err().code(), Some("idempotency-key-invalid"));
}

impl SettleError {
    fn code(&self) -> Option<&'static str> {
        match self {
            Self::Refused(refused) => Some(refused.code()),
            Self::NotANumber | Self::Nothing => None,
        }
    }
}
