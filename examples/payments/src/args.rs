//! The command line.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::bank::Moods;
use crate::network::{Rates, RatesError};
use crate::plan::Plan;
use crate::progress::Progress;

/// Drives payments through a faulty network, first without idem, then with, and counts the damage.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// How many payments are wanted.
    #[arg(long, default_value = "2000")]
    payments: NonZeroU64,
    /// How many callers work at the same time.
    #[arg(long, default_value = "32")]
    callers: NonZeroUsize,
    /// The seed of all chance: the n-th request has the same fate in every run.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// How often a caller sends one payment in one go. Without idem it gives up then; with idem it takes the payment up
    /// again with the same key, ten times at most.
    #[arg(long, default_value = "10")]
    attempts: NonZeroU32,
    /// The share of visits in which a caller hangs up at a random moment, to come back at once with the same payment.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.30)]
    hang_up: f64,

    /// The share of requests that never reach the API.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.08)]
    lose_request: f64,
    /// The share of replies that are lost after the API has acted.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.08)]
    lose_reply: f64,
    /// The share of requests that reach the API twice.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.08)]
    duplicate: f64,
    /// The share of replies that break off in the middle.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.04)]
    reset: f64,
    /// The share of requests that are held up on their way.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.10)]
    delay: f64,
    /// The longest such delay, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 30)]
    max_delay: u64,
    /// The share of charges that the bank turns away before it has done anything.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.02)]
    busy: f64,
    /// The share of charges that the bank declines for good.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.01)]
    decline: f64,

    /// The database file of the idempotency records. Default: a temporary one, removed in the end.
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    /// Only serves the API, on a network without faults and with a bank in a good mood, until Ctrl-C.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:3000")]
    pub(crate) serve: Option<SocketAddr>,
    /// Shows no progress bar. None is shown either when standard error is no terminal.
    #[arg(long)]
    no_progress: bool,
}

impl Args {
    /// The demonstration that was asked for.
    pub(crate) fn plan(self) -> Result<Plan, RatesError> {
        let rates = Rates {
            lose_request: self.lose_request,
            lose_reply: self.lose_reply,
            duplicate: self.duplicate,
            reset: self.reset,
            delay: self.delay,
            max_delay: Duration::from_millis(self.max_delay),
        };
        Ok(Plan {
            payments: self.payments.get(),
            callers: self.callers.get(),
            seed: self.seed,
            attempts: self.attempts.get(),
            hang_up: self.hang_up,
            rates: rates.checked()?,
            moods: Moods { busy: self.busy, decline: self.decline },
            db: self.db,
        })
    }

    pub(crate) fn progress(&self) -> Progress {
        if self.no_progress { Progress::Hidden } else { Progress::Bar }
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parsed(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn serve_has_an_address_of_its_own() {
        assert_eq!(parsed("payments").unwrap().serve, None);
        assert_eq!(parsed("payments --serve").unwrap().serve, "127.0.0.1:3000".parse().ok());
        assert_eq!(parsed("payments --serve 127.0.0.1:0").unwrap().serve, "127.0.0.1:0".parse().ok());
    }

    #[test]
    fn shares_are_shares() {
        for wrong in ["1.1", "-0.1", "NaN", "much"] {
            assert!(parsed(&format!("payments --reset={wrong}")).is_err(), "{wrong}");
        }
        assert!(parsed("payments --payments 0").is_err());
        assert!(parsed("payments --lose-request 0.6 --lose-reply 0.4").unwrap().plan().is_err());
    }
}
