//! Plain functions.

use idem_core::{Classify, ErrorClass, Refused, Reply, idempotent};
use idem_tests::matrix::{Call, Paid, Said};
use serde::{Deserialize, Serialize};

use super::paid;
use crate::app::{App, Outcome};

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum PayError {
    Rejected(Paid),
    TryAgain(Paid),
    Doubt(Paid),
    Refused { code: String, retryable: bool },
}

impl From<Refused> for PayError {
    fn from(refused: Refused) -> Self {
        Self::Refused { code: refused.code().to_owned(), retryable: refused.retryable() }
    }
}

impl Classify for PayError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Rejected(_) => ErrorClass::Final,
            Self::TryAgain(_) => ErrorClass::NoEffect,
            Self::Doubt(_) => ErrorClass::Ambiguous,
            Self::Refused { .. } => ErrorClass::Default,
        }
    }
}

pub(super) type Answer = Result<Paid, PayError>;

#[idempotent(with = app.idem, key = call.sent_key(), scope = call.scope(), name = "plain-unknown", fingerprint = call.say)]
async fn pay_or_unknown(app: &App, call: &Call) -> Answer {
    act(app, call).await
}

#[idempotent(
    with = app.idem, key = call.sent_key(), scope = call.scope(), name = "plain-rerun", fingerprint = call.say,
    after_crash = rerun
)]
async fn pay_or_rerun(app: &App, call: &Call) -> Answer {
    act(app, call).await
}

pub(super) async fn unknown(app: App, call: Call) -> Said {
    said(pay_or_unknown(&app, &call).await)
}

pub(super) async fn rerun(app: App, call: Call) -> Said {
    said(pay_or_rerun(&app, &call).await)
}

async fn act(app: &App, call: &Call) -> Answer {
    answer(call, app.act(call, || app.foreign_effect(call)).await)
}

pub(super) fn answer(call: &Call, outcome: Outcome) -> Answer {
    let paid = paid(call);
    match outcome {
        Outcome::Paid => Ok(paid),
        Outcome::Rejected => Err(PayError::Rejected(paid)),
        Outcome::TryAgain => Err(PayError::TryAgain(paid)),
        Outcome::Doubt => Err(PayError::Doubt(paid)),
    }
}

pub(super) fn said(answer: Answer) -> Said {
    let essence =
        |status: u16, paid: &Paid| format!("{status} {}", serde_json::to_string(paid).expect("JSON"));
    match answer {
        Ok(paid) => Said::Done { status: 201, replayed: None, essence: essence(201, &paid), paid },
        Err(PayError::Rejected(paid)) => {
            Said::Done { status: 422, replayed: None, essence: essence(422, &paid), paid }
        }
        Err(PayError::TryAgain(paid)) => Said::NotDone { status: 503, replayed: None, paid },
        Err(PayError::Doubt(paid)) => Said::NotDone { status: 500, replayed: None, paid },
        Err(PayError::Refused { code, retryable }) => Said::Refused { code, retryable },
    }
}

pub(super) fn reply(paid: &Paid) -> Reply {
    idem_core::plain::reply(paid).expect("it is JSON")
}
