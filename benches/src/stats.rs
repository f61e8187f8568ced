//! Medians and their intervals.

use std::fmt;

/// A median with a distribution-free 95 % interval (binomial order statistics).
pub(crate) struct Median {
    low: f64,
    mid: f64,
    high: f64,
    n: usize,
}

impl Median {
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let n = values.len();
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let reach = (0.98 * (n as f64).sqrt()).ceil() as usize;
        let at = |i: usize| values.get(i.min(n - 1)).copied().unwrap_or(f64::NAN);
        Self { low: at((n / 2).saturating_sub(reach)), mid: at(n / 2), high: at(n / 2 + reach), n }
    }

    pub(crate) fn mid(&self) -> f64 {
        self.mid
    }
}

impl fmt::Display for Median {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} [{:.2}, {:.2}] (n = {})", self.mid, self.low, self.high, self.n)
    }
}
