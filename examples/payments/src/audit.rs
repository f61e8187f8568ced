//! Compares what the callers were told with the bank's ledger.

use crate::api::NewPayment;
use crate::bank::{Bank, History};
use crate::caller::{PAYER, Paid, Told};

/// Counts of payments, all against the bank's ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// All charges, needless ones included.
    pub(crate) charges: u64,
    /// All calls that the bank declined.
    pub(crate) declines: u64,
    /// All calls that the bank turned away before it did anything.
    pub(crate) busy: u64,
    /// Payments charged more than once.
    pub(crate) charged_twice: u64,
    /// Payments that were wanted, not declined, and never charged.
    pub(crate) never_charged: u64,
    /// Callers that were told something untrue.
    pub(crate) told_untrue: u64,
    /// Payments whose callers still did not know what became of them after all retries.
    pub(crate) stuck: u64,
}

impl Findings {
    /// Looks each payment up in the ledger.
    pub(crate) fn of(paid: &[(NewPayment, Paid)], bank: &Bank) -> Self {
        paid.iter().fold(Self::default(), |findings, (new, paid)| {
            findings.and(new, &paid.told, &bank.history(PAYER, new.order))
        })
    }

    fn and(mut self, new: &NewPayment, told: &Told, history: &History) -> Self {
        let charges = history.charges.len();
        self.charges += charges as u64;
        self.declines += history.declines;
        self.busy += history.busy;
        self.charged_twice += u64::from(charges > 1);
        self.never_charged += u64::from(charges == 0 && history.declines == 0);
        self.told_untrue += u64::from(Word::of(new, told, history) == Word::Untrue);
        self.stuck += u64::from(*told == Told::Unknown);
        self
    }
}

/// What a caller's word is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    True,
    Untrue,
}

impl Word {
    fn of(new: &NewPayment, told: &Told, history: &History) -> Self {
        let holds = match told {
            Told::Paid(payment) => history.charges.contains(payment) && payment.is_for(new),
            Told::Declined => history.charges.is_empty() && history.declines > 0,
            Told::Failed => history.charges.is_empty(),
            // It claims nothing.
            Told::Unknown => true,
        };
        if holds { Self::True } else { Self::Untrue }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Payment;

    const NEW: NewPayment = NewPayment::euros(17, 1200);

    fn history(charges: u64, declines: u64) -> History {
        let charges = (1..=charges).map(|id| Payment::of(&NEW, id)).collect();
        History { charges, declines, busy: 0 }
    }

    fn found(told: Told, history: &History) -> [u64; 4] {
        let found = Findings::default().and(&NEW, &told, history);
        [found.charged_twice, found.never_charged, found.told_untrue, found.stuck]
    }

    #[test]
    fn a_clean_payment_counts_nowhere() {
        let paid = Told::Paid(Payment::of(&NEW, 1));
        assert_eq!(found(paid, &history(1, 0)), [0, 0, 0, 0]);
        assert_eq!(found(Told::Declined, &history(0, 1)), [0, 0, 0, 0]);
    }

    #[test]
    fn two_charges_are_found_after_success_and_after_failure() {
        assert_eq!(found(Told::Paid(Payment::of(&NEW, 2)), &history(2, 0)), [1, 0, 0, 0]);
        assert_eq!(found(Told::Failed, &history(3, 0)), [1, 0, 1, 0]);
    }

    #[test]
    fn a_payment_without_a_charge_is_found() {
        assert_eq!(found(Told::Failed, &history(0, 0)), [0, 1, 0, 0]);
        assert_eq!(found(Told::Declined, &history(0, 0)), [0, 1, 1, 0]);
        assert_eq!(found(Told::Unknown, &history(0, 0)), [0, 1, 0, 1]);
    }

    #[test]
    fn a_caller_that_never_learns_what_happened_is_found() {
        assert_eq!(found(Told::Unknown, &history(1, 0)), [0, 0, 0, 1]);
        assert_eq!(found(Told::Unknown, &history(0, 1)), [0, 0, 0, 1]);
    }

    #[test]
    fn success_must_be_the_ledgers() {
        let paid = |id, cents| Told::Paid(Payment::of(&NewPayment::euros(17, cents), id));
        assert_eq!(found(paid(2, 1200), &history(1, 0)), [0, 0, 1, 0], "another id");
        assert_eq!(found(paid(1, 1300), &history(1, 0)), [0, 0, 1, 0], "another amount");
        assert_eq!(found(paid(1, 1200), &history(0, 1)), [0, 0, 1, 0], "no charge at all");
    }

    #[test]
    fn failure_must_be_the_ledgers_too() {
        assert_eq!(found(Told::Failed, &history(1, 0)), [0, 0, 1, 0]);
        assert_eq!(found(Told::Declined, &history(1, 1)), [0, 0, 1, 0]);
    }

    #[test]
    fn calls_add_up() {
        let one = Findings::default().and(&NEW, &Told::Unknown, &History { busy: 3, ..history(2, 1) });
        let two = one.and(&NEW, &Told::Unknown, &history(1, 0));
        assert_eq!((two.charges, two.declines, two.busy), (3, 1, 3));
    }
}
