//! The same with `idem-client`: one operation, one key, and an outcome that says what is known.

use axum::http::StatusCode;
use idem_client::{Client, Outcome, Policy, Rejected, Rejection};

use super::{ATTEMPT, FIRST_WAIT, LONGEST_WAIT, PAYER, Told, connections};
use crate::Failure;
use crate::api::{ACCOUNT, NewPayment};

/// How often an operation without a final answer is taken up again. With its key that is safe, so a real caller would
/// keep it and go on tomorrow.
const RESUMED_AT_MOST: u32 = 10;

#[derive(Debug)]
pub(crate) struct Caller {
    client: Client,
    url: String,
}

impl Caller {
    pub(super) fn new(url: String, attempts: u32) -> Result<Self, Failure> {
        let policy = Policy::default()
            .max_attempts(attempts)
            .base_delay(FIRST_WAIT)
            .max_delay(LONGEST_WAIT)
            .attempt_timeout(ATTEMPT);
        let client = Client::builder().reqwest(connections()).policy(policy).build()?;
        Ok(Self { client, url })
    }

    pub(super) async fn pay(&self, new: &NewPayment) -> Told {
        let request = self.client.post(&self.url).header(ACCOUNT, PAYER).json(new);
        let mut outcome = match request.operation(("payment", new.order)).send().await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::error!(order = new.order, %error, "the request could not be made");
                return Told::Failed;
            }
        };
        for _ in 0..RESUMED_AT_MOST {
            outcome = match outcome.into_unresolved() {
                Ok(open) => self.client.resume(open).await,
                Err(settled) => return told(*settled),
            };
        }
        told(outcome)
    }
}

fn told(outcome: Outcome) -> Told {
    match outcome {
        // A success that cannot be read is a success, but of what?
        Outcome::Completed(answered) => answered.reply().json().map_or(Told::Unknown, Told::Paid),
        Outcome::Rejected(rejected) => refused(&rejected),
        Outcome::KeyMismatch(_) | Outcome::NotSent(_) => Told::Failed,
        Outcome::InProgress(_) | Outcome::Unknown(_) | Outcome::Expired(_) => Told::Unknown,
    }
}

fn refused(rejected: &Rejected) -> Told {
    match rejected.rejection() {
        Rejection::Refused if rejected.reply().status() == StatusCode::PAYMENT_REQUIRED => Told::Declined,
        Rejection::Refused => Told::Failed,
        _ => Told::Unknown,
    }
}
