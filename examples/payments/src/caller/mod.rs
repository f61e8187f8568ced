//! The callers of the payment API: programs that send a request until they believe that they know its outcome.
//!
//! Both kinds have the same connections, timeouts, waits and number of attempts in one go. What differs is the key, and
//! what it makes possible: a payment that is still open after that many attempts is given up without a key, and can be
//! taken up again with one. At the default rates that is about one payment in a million, so it is the key alone that
//! makes the difference; on a much worse network both do, and `--attempts` evens it out.
//!
//! Both kinds also hang up equally often: the caller drops its connection at a random moment, and comes back at once
//! with the same payment, as a user does who closes a page and opens it again.

mod keyed;
mod naive;
mod patience;
mod told;

pub(crate) use told::Told;

use std::net::SocketAddr;
use std::time::Duration;

use self::patience::Patience;
use crate::Failure;
use crate::api::NewPayment;
use crate::plan::{Mode, Plan};

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
pub(crate) struct Caller {
    kind: Kind,
    /// The share of visits that it breaks off.
    hang_up: f64,
    seed: u64,
}

#[derive(Debug)]
enum Kind {
    Naive(naive::Caller),
    Keyed(keyed::Caller),
}

/// What became of a payment, as its caller sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paid {
    pub(crate) told: Told,
    /// How often the caller hung up on the way.
    pub(crate) hang_ups: u64,
}

impl Caller {
    /// A caller of the API at `address`, as the plan has it.
    pub(crate) fn new(mode: Mode, address: SocketAddr, plan: &Plan) -> Result<Self, Failure> {
        let url = format!("http://{address}/payments");
        let kind = match mode {
            Mode::WithoutIdem => Kind::Naive(naive::Caller::new(url, plan.attempts)?),
            Mode::WithIdem => Kind::Keyed(keyed::Caller::new(url, plan.attempts)?),
        };
        Ok(Self { kind, hang_up: plan.hang_up, seed: plan.seed })
    }

    /// Tries to make a payment, comes back after each time that it hung up, and says what it would tell its user.
    pub(crate) async fn pay(&self, new: &NewPayment) -> Paid {
        let mut hang_ups = 0;
        for visit in 0.. {
            match Patience::draw(self.hang_up, self.seed, new.order, visit) {
                Patience::Unlimited => break,
                // Dropping the call closes its connection.
                Patience::Until(stay) => match tokio::time::timeout(stay, self.visit(new)).await {
                    Ok(told) => return Paid { told, hang_ups },
                    Err(_) => hang_ups += 1,
                },
            }
        }
        Paid { told: self.visit(new).await, hang_ups }
    }

    async fn visit(&self, new: &NewPayment) -> Told {
        match &self.kind {
            Kind::Naive(caller) => caller.pay(new).await,
            Kind::Keyed(caller) => caller.pay(new).await,
        }
    }
}

/// Straight to the given address, also where the environment names a proxy.
fn connections() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().connect_timeout(ATTEMPT / 2)
}
