//! Who wants the payments: programs that send a request until they believe to know what became of it.
//!
//! Both kinds have the same connections, timeouts, waits and number of attempts in one go. What differs is the key, and
//! what it makes possible: a payment that is still open after that many attempts is given up without a key, and can be
//! taken up again with one. At the default rates that is about one payment in a million, so it is the key alone that
//! makes the difference; on a much worse network both do, and `--attempts` evens it out.

mod keyed;
mod naive;
mod told;

pub(crate) use told::Told;

use std::net::SocketAddr;
use std::time::Duration;

use crate::Failure;
use crate::api::NewPayment;
use crate::plan::Mode;

/// In whose name all callers pay.
pub(crate) const PAYER: &str = "ada";

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(2);
/// The ceiling of the first wait between two attempts; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(5);
/// The ceiling of every wait.
const LONGEST_WAIT: Duration = Duration::from_millis(200);

/// A caller with connections of its own.
#[derive(Debug)]
pub(crate) enum Caller {
    Naive(naive::Caller),
    Keyed(keyed::Caller),
}

impl Caller {
    /// A caller of the API at `address`, which sends a payment `attempts` times in one go.
    pub(crate) fn new(mode: Mode, address: SocketAddr, attempts: u32) -> Result<Self, Failure> {
        let url = format!("http://{address}/payments");
        Ok(match mode {
            Mode::WithoutIdem => Self::Naive(naive::Caller::new(url, attempts)?),
            Mode::WithIdem => Self::Keyed(keyed::Caller::new(url, attempts)?),
        })
    }

    /// Tries to make a payment, and says what it would tell its user.
    pub(crate) async fn pay(&self, new: &NewPayment) -> Told {
        match self {
            Self::Naive(caller) => caller.pay(new).await,
            Self::Keyed(caller) => caller.pay(new).await,
        }
    }
}

/// Straight to the given address, whatever proxy the environment names.
fn connections() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().connect_timeout(ATTEMPT / 2)
}
