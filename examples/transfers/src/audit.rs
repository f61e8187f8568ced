//! Compares what the callers were told with the books of the bank.

use std::collections::HashMap;

use crate::api::Transfer;
use crate::bank::Books;
use crate::caller::Told;
use crate::plan::{BALANCE, Wanted};

/// A transfer, and all that was ever said about it.
pub(crate) type Said = (Wanted, Vec<Told>);

/// Counts of transfers, all against the ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// Transfers whose callers were told that they were made.
    pub(crate) told_made: u64,
    /// Transfers whose callers were told that they were refused.
    pub(crate) told_refused: u64,
    /// Transfers without a final answer, or with one that is neither.
    pub(crate) open: u64,
    /// Rows of the ledger.
    pub(crate) rows: u64,
    /// Transfers with several rows.
    pub(crate) made_twice: u64,
    /// Transfers that were told to be made, and have no row.
    pub(crate) missing: u64,
    /// Transfers that were told something that the ledger does not say.
    pub(crate) told_untrue: u64,
    /// Transfers with two different answers.
    pub(crate) two_answers: u64,
    /// Accounts whose balance is not what the ledger makes it.
    pub(crate) wrong_balances: u64,
    /// All the money, in the end.
    pub(crate) sum: i64,
}

impl Findings {
    pub(crate) fn of(said: &[Said], books: &Books) -> Self {
        let mut rows: HashMap<i64, Vec<Transfer>> = HashMap::new();
        for row in &books.ledger {
            rows.entry(row.order).or_default().push(*row);
        }
        let mut found = Self {
            rows: books.ledger.len() as u64,
            wrong_balances: wrong_balances(books),
            sum: books.balances.iter().sum(),
            ..Self::default()
        };
        for (wanted, told) in said {
            found.add(wanted, told, rows.get(&wanted.new.order).map_or(&[], Vec::as_slice));
        }
        found
    }

    fn add(&mut self, wanted: &Wanted, told: &[Told], rows: &[Transfer]) {
        let made = told.iter().any(|told| told.made().is_some());
        let refused = told.iter().any(Told::is_refusal);
        let open = told.iter().any(|told| told.made().is_none() && !told.is_refusal());
        let holds = |told: &Told| match told.made() {
            Some(transfer) => rows.contains(&transfer) && transfer.is_for(wanted.payer, &wanted.new),
            None => !told.is_refusal() || rows.is_empty(),
        };
        self.told_made += u64::from(made);
        self.told_refused += u64::from(refused);
        self.open += u64::from(open);
        self.made_twice += u64::from(rows.len() > 1);
        self.missing += u64::from(made && rows.is_empty());
        self.told_untrue += u64::from(!told.iter().all(holds));
        self.two_answers += u64::from(told.windows(2).any(|pair| pair[0] != pair[1]));
    }

    /// Whether every cent is where it belongs and every caller was told it, `wanted` transfers in all.
    pub(crate) fn are_exact(&self, wanted: u64, sum_before: i64) -> bool {
        let none = [
            self.open,
            self.made_twice,
            self.missing,
            self.told_untrue,
            self.two_answers,
            self.wrong_balances,
        ];
        none == [0; 6]
            && self.rows == self.told_made
            && self.told_made + self.told_refused == wanted
            && self.sum == sum_before
    }
}

fn wrong_balances(books: &Books) -> u64 {
    let mut due = vec![BALANCE; books.balances.len()];
    for row in &books.ledger {
        for (account, change) in [(row.payer, -row.amount), (row.payee, row.amount)] {
            if let Some(due) = usize::try_from(account).ok().and_then(|account| due.get_mut(account)) {
                *due += change;
            }
        }
    }
    books.balances.iter().zip(due).filter(|(balance, due)| **balance != *due).count() as u64
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::api::NewTransfer;
    use crate::plan::Sent;

    const WANTED: Wanted =
        Wanted { payer: 0, new: NewTransfer { order: 17, to: 1, amount: 300 }, sent: Sent::Once };

    fn row(receipt: i64) -> Transfer {
        Transfer { receipt, order: 17, payer: 0, payee: 1, amount: 300 }
    }

    fn made(receipt: i64) -> Told {
        Told::Answer { status: 201, body: serde_json::to_vec(&row(receipt)).unwrap().into() }
    }

    fn refused() -> Told {
        Told::Answer { status: 422, body: "no".into() }
    }

    fn books(rows: &[Transfer]) -> Books {
        let moved: i64 = rows.iter().map(|row| row.amount).sum();
        Books { balances: vec![BALANCE - moved, BALANCE + moved, BALANCE], ledger: rows.to_vec() }
    }

    fn exact(told: &[Told], books: &Books) -> bool {
        Findings::of(&[(WANTED, told.to_vec())], books).are_exact(1, 3 * BALANCE)
    }

    #[test]
    fn what_agrees_is_exact() {
        assert!(exact(&[made(5), made(5)], &books(&[row(5)])));
        assert!(exact(&[refused()], &books(&[])));
    }

    #[test]
    fn each_disagreement_is_found() {
        let found = |told: &[Told], books: &Books| {
            assert!(!exact(told, books));
            Findings::of(&[(WANTED, told.to_vec())], books)
        };
        assert_eq!(found(&[made(5)], &books(&[row(5), row(6)])).made_twice, 1);
        let lost = found(&[made(5)], &books(&[]));
        assert_eq!((lost.missing, lost.told_untrue), (1, 1));
        assert_eq!(found(&[made(6)], &books(&[row(5)])).told_untrue, 1, "another run's receipt");
        assert_eq!(found(&[refused()], &books(&[row(5)])).told_untrue, 1);
        assert_eq!(found(&[made(5), refused()], &books(&[row(5)])).two_answers, 1);
        assert_eq!(found(&[Told::Nothing], &books(&[row(5)])).open, 1);
        let strange = Told::Answer { status: 400, body: Bytes::new() };
        assert_eq!(found(&[strange], &books(&[])).open, 1);
        let stolen = Books { balances: vec![BALANCE, BALANCE, BALANCE], ..books(&[row(5)]) };
        assert_eq!(found(&[made(5)], &stolen).wrong_balances, 2);
    }

    #[test]
    fn rows_that_no_caller_was_told_of_are_found() {
        let stranger = Transfer { order: 18, ..row(6) };
        assert!(!exact(&[made(5)], &books(&[row(5), stranger])));
    }
}
