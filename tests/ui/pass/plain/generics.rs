//! Type and constant parameters, `impl Trait` arguments, an async closure, a generic error.

use std::cell::Cell;
use std::fmt::Display;

use idem_core::{Classify, ErrorClass, Idem, Refused, idempotent};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::support;

#[idempotent(with = idem, key = id.to_string(), name = "collect")]
async fn collect<T, D: Display + ?Sized, E, const N: usize>(
    idem: &Idem,
    id: &D,
    values: [T; N],
    price: impl AsyncFn(&T) -> u64,
) -> Result<(Vec<T>, u64), E>
where
    T: Serialize + DeserializeOwned,
    E: From<Refused> + From<String> + Classify + Serialize + DeserializeOwned,
{
    if N == 0 {
        return Err(E::from("nothing to collect".to_owned()));
    }
    let mut sum = 0;
    for value in &values {
        sum += price(value).await;
    }
    Ok((Vec::from(values), sum))
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Error {
    Refused(String),
    Other(String),
}

impl Classify for Error {
    fn class(&self) -> ErrorClass {
        ErrorClass::Default
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.to_string())
    }
}

impl From<String> for Error {
    fn from(other: String) -> Self {
        Self::Other(other)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    let asked = Cell::new(0);
    let price = async |value: &u64| {
        asked.set(asked.get() + 1);
        value * 10
    };
    for _ in 0..2 {
        let collected = collect::<_, _, Error, 2>(&idem, "o-1", [1, 2], &price).await;
        assert_eq!(collected, Ok((vec![1, 2], 30)));
    }
    assert_eq!(asked.get(), 2);
    let none = collect::<u64, _, Error, 0>(&idem, &7, [], &price).await;
    assert_eq!(none, Err(Error::Other("nothing to collect".to_owned())));
}
