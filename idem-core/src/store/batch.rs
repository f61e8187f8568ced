//! Several operations for one statement.

use std::fmt;
use std::future::Future;

use super::{Answers, StoreError};
use crate::address::Address;

/// An operation on one record.
pub trait Addressed {
    /// The record's address.
    fn address(&self) -> Address;
}

/// Operations sorted by address, at most one per key.
///
/// Sorted, because two writers that lock the same rows in different orders deadlock; one per key, because one
/// statement that touches a row twice sees its old state the second time.
///
/// ```
/// use idem_core::{Address, protocol::{Fence, Nonce, Owner}, store::{Batch, MarkUnknown}};
///
/// let owner = Owner { fence: Fence::from_u64(1), nonce: Nonce::fresh() };
/// let of = |key: &str| MarkUnknown::new(Address::new("", b"", "op", key.as_bytes()), owner);
/// let (batch, left_over) = Batch::new(vec![of("a"), of("b"), of("a")]);
/// assert_eq!((batch.len(), left_over.len()), (2, 1));
/// ```
#[derive(Clone)]
pub struct Batch<T>(Vec<T>);

/// How many operations there are.
impl<T> fmt::Debug for Batch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({})", self.0.len())
    }
}

impl<T: Addressed> Batch<T> {
    /// Sorts, and hands back every operation beyond the first for its key, for a later batch.
    #[must_use]
    pub fn new(mut operations: Vec<T>) -> (Self, Vec<T>) {
        operations.sort_by_key(Addressed::address);
        let mut batch: Vec<T> = Vec::with_capacity(operations.len());
        let mut left_over = Vec::new();
        for operation in operations {
            let same = batch.last().is_some_and(|last| last.address() == operation.address());
            if same { left_over.push(operation) } else { batch.push(operation) }
        }
        (Self(batch), left_over)
    }
}

impl<T> Batch<T> {
    /// How many operations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same operations in another form, still sorted.
    #[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
    pub(super) fn map<U>(self, form: impl FnMut(T) -> U) -> Batch<U> {
        Batch(self.0.into_iter().map(form).collect())
    }

    /// The operations in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

impl<T> IntoIterator for Batch<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Batch<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

pub(super) async fn one_by_one<T, O, F>(batch: Batch<T>, operation: impl Fn(T) -> F) -> Answers<O>
where
    F: Future<Output = Result<O, StoreError>>,
{
    let mut answers = Vec::with_capacity(batch.len());
    for request in batch {
        answers.push(operation(request).await);
    }
    answers
}
