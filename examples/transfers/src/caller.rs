//! The caller of the transfer API.

use std::time::Duration;

use bytes::Bytes;
use idem_client::{Client, Outcome, Policy};

use crate::Failure;
use crate::api::{ACCOUNT, Transfer};
use crate::plan::{Sent, Wanted};

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// The ceiling of the first wait between two attempts; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(5);
/// The ceiling of every wait.
const LONGEST_WAIT: Duration = Duration::from_millis(200);
/// How often a transfer is sent in one go, and how often it is taken up again.
const ATTEMPTS: u32 = 10;
const RESUMED_AT_MOST: u32 = 20;

/// What came back in the end: all that the caller knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// The server's final answer.
    Answer { status: u16, body: Bytes },
    /// "We do not know yet."
    Nothing,
}

/// What it took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Effort {
    /// Requests after the first of each operation.
    pub(crate) retries: u64,
    /// Final answers that were stored ones.
    pub(crate) replays: u64,
}

/// A caller. It has a connection for each attempt, so that its attempts reach both servers.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    client: Client,
    url: String,
}

impl Caller {
    pub(crate) fn new(door: std::net::SocketAddr) -> Result<Self, Failure> {
        let policy = Policy::default()
            .max_attempts(ATTEMPTS)
            .base_delay(FIRST_WAIT)
            .max_delay(LONGEST_WAIT)
            .attempt_timeout(ATTEMPT);
        // Straight to the given address, also where the environment names a proxy.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
        let client = Client::builder().reqwest(http.connect_timeout(ATTEMPT / 2)).policy(policy).build()?;
        Ok(Self { client, url: format!("http://{door}/transfers") })
    }

    /// Sends a transfer as it is to be sent, and says what each sender was told.
    pub(crate) async fn send(&self, wanted: &Wanted, effort: &mut Effort) -> Vec<Told> {
        match wanted.sent {
            Sent::Once => vec![self.ask(wanted, effort).await],
            Sent::Twice => {
                let mut others = Effort::default();
                let (one, other) = tokio::join!(self.ask(wanted, effort), self.ask(wanted, &mut others));
                effort.add(others);
                vec![one, other]
            }
        }
    }

    /// One operation: one key, derived from the transfer's number, and one request, sent until it is answered. Asked
    /// again, it is the same one.
    pub(crate) async fn ask(&self, wanted: &Wanted, effort: &mut Effort) -> Told {
        let request = self.client.post(&self.url).header(ACCOUNT, wanted.payer.to_string()).json(&wanted.new);
        let mut outcome = match request.operation(("transfer", wanted.new.order)).send().await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::error!(order = wanted.new.order, %error, "the request could not be made");
                return Told::Nothing;
            }
        };
        for _ in 0..RESUMED_AT_MOST {
            outcome = match outcome.into_unresolved() {
                Ok(open) => self.client.resume(open).await,
                Err(settled) => return told(&settled, effort),
            };
        }
        told(&outcome, effort)
    }
}

fn told(outcome: &Outcome, effort: &mut Effort) -> Told {
    effort.retries += u64::from(outcome.attempts().saturating_sub(1) + outcome.polls());
    let reply = match outcome {
        Outcome::Completed(answered) | Outcome::KeyMismatch(answered) => answered.reply(),
        Outcome::Rejected(rejected) => rejected.reply(),
        Outcome::InProgress(_) | Outcome::NotSent(_) | Outcome::Unknown(_) | Outcome::Expired(_) => {
            return Told::Nothing;
        }
    };
    effort.replays += u64::from(reply.replayed());
    Told::Answer { status: reply.status().as_u16(), body: reply.body().clone() }
}

impl Told {
    /// The transfer that was made, if it says so.
    pub(crate) fn made(&self) -> Option<Transfer> {
        match self {
            Self::Answer { status: 201, body } => serde_json::from_slice(body).ok(),
            Self::Answer { .. } | Self::Nothing => None,
        }
    }

    /// Whether it says that the transfer is refused for good.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Answer { status: 422, .. })
    }
}

impl Effort {
    pub(crate) fn add(&mut self, other: Self) {
        self.retries += other.retries;
        self.replays += other.replays;
    }
}
