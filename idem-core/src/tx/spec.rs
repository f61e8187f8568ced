//! What the attribute says about a transaction.

use super::Isolation;
use crate::engine::TxOptions;

/// As a constant. Only [`#[idempotent]`](crate::idempotent) makes one.
#[derive(Debug, Clone, Copy, Default)]
pub struct TxSpec {
    isolation: Option<Isolation>,
    retries: u32,
}

#[expect(missing_docs, reason = "each sets the argument of its name")]
impl TxSpec {
    #[must_use]
    pub const fn new() -> Self {
        Self { isolation: None, retries: 0 }
    }

    #[must_use]
    pub const fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }

    #[must_use]
    pub const fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    pub(crate) const fn rules(self) -> TxOptions {
        TxOptions { isolation: self.isolation, retries: self.retries }
    }
}
