//! The bank: charges cards, and remembers every charge.
//!
//! It is what idem cannot look into: a foreign service that does what it is told as often as it is told. Its ledger is
//! the judge of both runs.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::api::{NewPayment, Payment};
use crate::chance::{Topic, draws};

/// How often the bank does something else than charging, as shares of all calls.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moods {
    /// Turns the call away before anything was charged.
    pub(crate) busy: f64,
    /// Says no for good.
    pub(crate) decline: f64,
}

/// Why nothing was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The bank cannot take the charge now; nothing has happened.
    Busy,
    /// The bank declines the card.
    Declined,
}

/// All that ever happened to one order.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) charges: Vec<Payment>,
    pub(crate) declines: u64,
    pub(crate) busy: u64,
}

#[derive(Debug)]
pub(crate) struct Bank {
    seed: u64,
    moods: Moods,
    work: Duration,
    ledger: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    last_id: u64,
    /// By account and order.
    orders: HashMap<(String, u64), History>,
}

impl Bank {
    /// A bank that takes a millisecond for a charge.
    pub(crate) fn new(seed: u64, moods: Moods) -> Self {
        Self { seed, moods, work: Duration::from_millis(1), ledger: Mutex::default() }
    }

    /// The same bank, taking `work` for a charge.
    pub(crate) fn taking(self, work: Duration) -> Self {
        Self { work, ..self }
    }

    /// Charges the card of `account`. It does so every time it is called: the bank knows no keys.
    pub(crate) async fn charge(&self, account: &str, new: &NewPayment) -> Result<Payment, Refusal> {
        tokio::time::sleep(self.work).await;
        let mut ledger = self.ledger();
        let ledger = &mut *ledger;
        let history = ledger.orders.entry((account.to_owned(), new.order)).or_default();
        let luck = draws(self.seed, Topic::Bank, [new.order, history.calls()]).f64();
        if luck < self.moods.busy {
            history.busy += 1;
            return Err(Refusal::Busy);
        }
        if luck < self.moods.busy + self.moods.decline {
            history.declines += 1;
            return Err(Refusal::Declined);
        }
        ledger.last_id += 1;
        let payment = Payment::of(new, ledger.last_id);
        history.charges.push(payment);
        Ok(payment)
    }

    /// What happened to an order of `account`.
    pub(crate) fn history(&self, account: &str, order: u64) -> History {
        self.ledger().orders.get(&(account.to_owned(), order)).cloned().unwrap_or_default()
    }

    /// All charges of `account`, the oldest first.
    pub(crate) fn charges(&self, account: &str) -> Vec<Payment> {
        let ledger = self.ledger();
        let of_account = ledger.orders.iter().filter(|((owner, _), _)| owner == account);
        let mut charges: Vec<_> =
            of_account.flat_map(|(_, history)| history.charges.iter().copied()).collect();
        charges.sort_unstable_by_key(|payment| payment.id);
        charges
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl History {
    fn calls(&self) -> u64 {
        self.charges.len() as u64 + self.declines + self.busy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: NewPayment = NewPayment::euros(17, 1200);

    #[tokio::test]
    async fn charges_as_often_as_it_is_told() {
        let bank = Bank::new(7, Moods::default());
        let first = bank.charge("ada", &ORDER).await.unwrap();
        let second = bank.charge("ada", &ORDER).await.unwrap();
        assert_ne!(first.id, second.id);
        assert_eq!(bank.history("ada", 17).charges, [first, second]);
        assert_eq!(bank.charges("ada"), [first, second]);
        assert!(bank.charges("bob").is_empty());
    }

    #[tokio::test]
    async fn a_bad_mood_charges_nothing() {
        for (moods, refusal) in [
            (Moods { busy: 1.0, decline: 0.0 }, Refusal::Busy),
            (Moods { busy: 0.0, decline: 1.0 }, Refusal::Declined),
        ] {
            let bank = Bank::new(7, moods);
            assert_eq!(bank.charge("ada", &ORDER).await, Err(refusal));
            assert!(bank.history("ada", 17).charges.is_empty());
        }
    }
}
