//! When a caller hangs up.

use std::time::Duration;

use crate::chance::{Topic, draws};

/// How long a caller stays at most that is going to hang up: a few times what a payment takes.
const LONGEST_STAY: Duration = Duration::from_millis(20);

/// How often a caller comes back at most only to hang up again.
const MOST_HANG_UPS: u64 = 5;

/// How long a caller waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Until it comes.
    Unlimited,
    /// The caller drops its connection after this time.
    Until(Duration),
}

impl Patience {
    /// For this visit, counted from 0, about this order: the same with and without idem.
    pub(super) fn draw(share: f64, seed: u64, order: u64, visit: u64) -> Self {
        let mut draws = draws(seed, Topic::Caller, [order, visit]);
        if visit < MOST_HANG_UPS && draws.f64() < share {
            // Most leave early, while the request is at work.
            Self::Until(LONGEST_STAY.mul_f64(draws.f64().powi(2)))
        } else {
            Self::Unlimited
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_hang_up_as_often_as_asked_and_come_back() {
        let hung_up = |order| Patience::draw(0.3, 7, order, 0) != Patience::Unlimited;
        let share = (0..10_000).filter(|order| hung_up(*order)).count();
        assert!((2_800..3_200).contains(&share), "{share}");
        assert_eq!(Patience::draw(0.0, 7, 1, 0), Patience::Unlimited);
        assert!(matches!(Patience::draw(1.0, 7, 1, 4), Patience::Until(stay) if stay <= LONGEST_STAY));
        assert_eq!(Patience::draw(1.0, 7, 1, 5), Patience::Unlimited);
    }
}
