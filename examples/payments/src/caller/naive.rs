//! A common loop without keys: it sends again after every failure.

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;

use super::{ATTEMPT, FIRST_WAIT, LONGEST_WAIT, PAYER, Told, connections};
use crate::Failure;
use crate::api::{ACCOUNT, NewPayment};

#[derive(Debug)]
pub(crate) struct Caller {
    http: reqwest::Client,
    url: String,
    attempts: u32,
}

/// What one attempt came to.
enum Attempt {
    Answered(Told),
    TryAgain,
}

impl Caller {
    pub(super) fn new(url: String, attempts: u32) -> Result<Self, Failure> {
        let http = connections().timeout(ATTEMPT).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { http, url, attempts })
    }

    pub(super) async fn pay(&self, new: &NewPayment) -> Told {
        let mut ceiling = FIRST_WAIT;
        for attempt in 1..=self.attempts {
            match self.attempt(new).await {
                Ok(Attempt::Answered(told)) => return told,
                Ok(Attempt::TryAgain) => {}
                Err(error) => {
                    tracing::debug!(order = new.order, attempt, %error, "an attempt brought no answer");
                }
            }
            if attempt < self.attempts {
                tokio::time::sleep(Duration::mul_f64(ceiling, fastrand::f64())).await;
                ceiling = (ceiling * 2).min(LONGEST_WAIT);
            }
        }
        // No answer came back, so the caller takes it for a failure.
        Told::Failed
    }

    async fn attempt(&self, new: &NewPayment) -> Result<Attempt, Failure> {
        let request =
            self.http.post(&self.url).header(ACCOUNT, PAYER).header(CONTENT_TYPE, "application/json");
        let reply = request.body(serde_json::to_vec(new)?).send().await?;
        let status = reply.status();
        let body = reply.bytes().await?;
        Ok(match status {
            StatusCode::CREATED => Attempt::Answered(Told::Paid(serde_json::from_slice(&body)?)),
            StatusCode::PAYMENT_REQUIRED => Attempt::Answered(Told::Declined),
            status if status.is_server_error() => Attempt::TryAgain,
            _ => Attempt::Answered(Told::Failed),
        })
    }
}
