//! One error marked where it is returned: `Final`, `Ambiguous`, `NoEffect`.

use idem_core::{Ambiguous, Final, Idem, NoEffect, Refused, idempotent};
use serde::{Deserialize, Serialize};

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Error(String);

impl Error {
    fn of_run() -> Self {
        Self(RUNS.next().to_string())
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self(refused.code().to_owned())
    }
}

#[idempotent(with = idem, key = order, name = "final")]
async fn last(idem: &Idem, order: u64) -> Result<(), Final<Error>> {
    Err(Final(Error::of_run()))
}

#[idempotent(with = idem, key = order, name = "ambiguous")]
async fn doubtful(idem: &Idem, order: u64) -> Result<(), Ambiguous<Error>> {
    Err(Ambiguous(Error::of_run()))
}

#[idempotent(with = idem, key = order, name = "no-effect", on_error = unknown)]
async fn harmless(idem: &Idem, order: u64) -> Result<(), NoEffect<Error>> {
    Err(NoEffect(Error::of_run()))
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    let error = |text: &str| Error(text.to_owned());
    assert_eq!(last(&idem, 1).await, Err(Final(error("1"))));
    assert_eq!(last(&idem, 1).await, Err(Final(error("1"))));
    assert_eq!(doubtful(&idem, 1).await, Err(Ambiguous(error("2"))));
    assert_eq!(doubtful(&idem, 1).await, Err(Ambiguous(error("outcome-unknown"))));
    assert_eq!(harmless(&idem, 1).await, Err(NoEffect(error("3"))));
    assert_eq!(harmless(&idem, 1).await, Err(NoEffect(error("4"))));
}
