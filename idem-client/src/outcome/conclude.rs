//! From the engine's last word to an outcome.

use std::sync::Arc;

use super::{Answered, AttemptError, Expired, Outcome, Rejected, Reply, Report, Unresolved};
use crate::engine::{Ending, Reached};
use crate::request::Frozen;

pub(crate) fn conclude(
    ending: Ending,
    request: Arc<Frozen>,
    reached: Reached,
    reply: Option<Reply>,
    error: Option<AttemptError>,
    report: Report,
) -> Outcome {
    let open = |reply, report| Unresolved::new(request, reached, reply, error, report);
    match (ending, reply) {
        (Ending::Completed, Some(reply)) => Outcome::Completed(Answered { reply, report }),
        (Ending::KeyMismatch, Some(reply)) => Outcome::KeyMismatch(Answered { reply, report }),
        (Ending::Rejected(rejection), Some(reply)) => {
            Outcome::Rejected(Rejected { rejection, answered: Answered { reply, report } })
        }
        (Ending::Expired, reply) => Outcome::Expired(Expired { reply, report }),
        (Ending::InProgress, reply) => Outcome::InProgress(open(reply, report)),
        (Ending::NotSent, reply) => Outcome::NotSent(open(reply, report)),
        // The first three come of a reply; without one nothing is known.
        (Ending::Unknown | Ending::Completed | Ending::KeyMismatch | Ending::Rejected(_), reply) => {
            Outcome::Unknown(open(reply, report))
        }
    }
}
