//! Operations that are tried together until each is decided.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use super::exchange::Unanswered;
use crate::store::{Answers, StoreError, StoreErrorKind};

/// How often others may be faster with a record before an operation on it gives up. Each time, another operation got on.
pub(super) const CONTENTION: usize = 16;

pub(super) trait Rounds: Sync {
    type Request: Sync;
    type Answer: Send;

    /// How long a batch may take before nothing more is sent for it.
    fn budget(&self) -> Duration;

    /// Tries the `open` ones of `requests`, and answers what it can; gives back those that must be tried again. Fails
    /// only where it has answered none.
    fn round(
        &self,
        requests: &[&Self::Request],
        open: &[usize],
        answers: &mut Answers<Self::Answer>,
    ) -> impl Future<Output = Result<Vec<usize>, Unanswered>> + Send;
}

/// Answers each, in order. Requests that are refused together are tried one by one, so that a bad one does not make the
/// others fail: for as long as the whole batch may take. What was not sent until then certainly did not happen.
pub(super) async fn answer<R: Rounds>(work: &R, requests: &[R::Request]) -> Answers<R::Answer> {
    let begun = Instant::now();
    let late = || begun.elapsed() >= work.budget();
    let all: Vec<&R::Request> = requests.iter().collect();
    match decide(work, &all, late).await {
        Ok(answers) => answers,
        Err(Unanswered::Refused(_)) if all.len() > 1 => {
            let mut answers = Vec::with_capacity(all.len());
            for request in &all {
                if late() {
                    answers.push(Err(unsent()));
                    continue;
                }
                answers.push(match decide(work, &[request], late).await {
                    Ok(mut answer) => answer.pop().unwrap_or_else(|| Err(contended())),
                    Err(unanswered) => Err(unanswered.failure().to_error()),
                });
            }
            answers
        }
        Err(unanswered) => all.iter().map(|_| Err(unanswered.failure().to_error())).collect(),
    }
}

/// Fails only where none has been answered and the first round was not. Once it is `late`, what is open is not tried
/// again.
async fn decide<R: Rounds>(
    work: &R,
    requests: &[&R::Request],
    late: impl Fn() -> bool + Send + Sync,
) -> Result<Answers<R::Answer>, Unanswered> {
    let mut answers: Answers<R::Answer> = requests.iter().map(|_| Err(contended())).collect();
    let mut open: Vec<usize> = (0..requests.len()).collect();
    let mut first = true;
    for _ in 0..CONTENTION {
        match work.round(requests, &open, &mut answers).await {
            Ok(again) if again.is_empty() || late() => break,
            Ok(again) => open = again,
            Err(unanswered) if first => return Err(unanswered),
            // An earlier round may have written for these, and lost the answer.
            Err(unanswered) => {
                for at in open {
                    tell(&mut answers, at, Err(unanswered.after_a_write()));
                }
                break;
            }
        }
        first = false;
    }
    Ok(answers)
}

pub(super) fn tell<T>(answers: &mut Answers<T>, at: usize, verdict: Result<T, StoreError>) {
    if let Some(answer) = answers.get_mut(at) {
        *answer = verdict;
    }
}

/// Of tries that each found the record changed: one whose answer was lost may have been applied.
pub(super) fn contended() -> StoreError {
    StoreError::new(
        StoreErrorKind::Undecided,
        "others changed the record each time it was to be written: ask again",
    )
}

fn unsent() -> StoreError {
    StoreError::new(
        StoreErrorKind::Unavailable,
        "other records of the batch, locked for too long, took all the time: this one was not sent, try again",
    )
}
