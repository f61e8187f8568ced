//! What becomes of one request.

use std::time::Duration;

use super::Rates;
use crate::chance::{Topic, draws};

/// What becomes of one request and its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) passage: Passage,
    pub(crate) pace: Pace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passage {
    Delivered,
    RequestLost,
    ReplyLost,
    Duplicated,
    Reset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Prompt,
    /// Held up on the way to the API; of a duplicate, only the copy is.
    Delayed(Duration),
}

impl Fate {
    /// The fate of the request with this number.
    pub(crate) fn draw(rates: &Rates, seed: u64, number: u64) -> Self {
        let mut draws = draws(seed, Topic::Network, [number]);
        let passage = Passage::at(draws.f64(), rates);
        let pace = if draws.f64() < rates.delay {
            Pace::Delayed(rates.max_delay.mul_f64(draws.f64()))
        } else {
            Pace::Prompt
        };
        Self { passage, pace }
    }
}

impl Passage {
    fn at(mut luck: f64, rates: &Rates) -> Self {
        for (share, passage) in [
            (rates.lose_request, Self::RequestLost),
            (rates.lose_reply, Self::ReplyLost),
            (rates.duplicate, Self::Duplicated),
            (rates.reset, Self::Reset),
        ] {
            if luck < share {
                return passage;
            }
            luck -= share;
        }
        Self::Delivered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: Rates = Rates {
        lose_request: 0.08,
        lose_reply: 0.06,
        duplicate: 0.04,
        reset: 0.02,
        delay: 0.10,
        max_delay: Duration::from_millis(30),
    };

    fn fates(rates: &Rates, seed: u64) -> Vec<Fate> {
        (0..10_000).map(|number| Fate::draw(rates, seed, number)).collect()
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(fates(&RATES, 7), fates(&RATES, 7));
        assert_ne!(fates(&RATES, 7), fates(&RATES, 8));
    }

    #[test]
    fn faults_come_as_often_as_asked() {
        let fates = fates(&RATES, 7);
        let share = |of: &dyn Fn(&Fate) -> bool| {
            #[expect(clippy::cast_precision_loss, reason = "counts up to 10,000 are exact")]
            let count = fates.iter().filter(|fate| of(fate)).count() as f64;
            count / 10_000.0
        };
        for (passage, asked) in [
            (Passage::Delivered, 0.80),
            (Passage::RequestLost, 0.08),
            (Passage::ReplyLost, 0.06),
            (Passage::Duplicated, 0.04),
            (Passage::Reset, 0.02),
        ] {
            let seen = share(&|fate| fate.passage == passage);
            assert!((seen - asked).abs() < 0.01, "{passage:?}: {seen}, not {asked}");
        }
        let delayed = share(&|fate| fate.pace != Pace::Prompt);
        assert!((delayed - 0.10).abs() < 0.01, "{delayed}");
    }

    #[test]
    fn delays_keep_their_limit() {
        let rates = Rates { delay: 1.0, ..RATES };
        for fate in fates(&rates, 7) {
            let Pace::Delayed(delay) = fate.pace else { panic!("not delayed") };
            assert!(delay <= rates.max_delay);
        }
    }

    #[test]
    fn a_good_network_has_no_faults() {
        let fine = Fate { passage: Passage::Delivered, pace: Pace::Prompt };
        assert!(fates(&Rates::default(), 7).iter().all(|fate| *fate == fine));
    }
}
