//! What the handlers work with.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Created, NewPayment, PaymentError};
use crate::bank::Bank;

/// The service's state. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Shop(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bank: Bank,
    runs: AtomicU64,
}

impl Shop {
    pub(crate) fn new(bank: Bank) -> Self {
        Self(Arc::new(Inner { bank, runs: AtomicU64::new(0) }))
    }

    /// The body of both handlers.
    pub(crate) async fn pay(&self, account: &str, new: &NewPayment) -> Result<Created, PaymentError> {
        self.0.runs.fetch_add(1, Ordering::Relaxed);
        if new.amount == 0 {
            return Err(PaymentError::NothingToPay);
        }
        Ok(Created(self.0.bank.charge(account, new).await?))
    }

    pub(crate) fn bank(&self) -> &Bank {
        &self.0.bank
    }

    /// How often [`pay`](Self::pay) was entered.
    pub(crate) fn runs(&self) -> u64 {
        self.0.runs.load(Ordering::Relaxed)
    }
}
