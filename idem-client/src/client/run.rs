//! Drives the engine over the network.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;
use tracing::{Instrument as _, Span, debug, debug_span, field, info_span};

use super::attempt::{Attempted, attempt};
use super::shared::Shared;
use crate::Outcome;
use crate::engine::{Engine, Step, Stop};
use crate::outcome::{Prior, Reply, Report, conclude};
use crate::request::Frozen;

pub(super) async fn run(shared: &Shared, request: Arc<Frozen>, prior: Prior) -> Outcome {
    let span = info_span!(
        "idem.operation",
        http.request.method = %request.method,
        server.address = request.url.host_str(),
        url.path = request.url.path(),
        idem.key = request.key_digest(),
        idem.outcome = field::Empty,
    );
    drive(shared, request, prior).instrument(span).await
}

async fn drive(shared: &Shared, request: Arc<Frozen>, prior: Prior) -> Outcome {
    let started = Instant::now();
    let delays = request.delays.as_ref().map(|source| source.schedule());
    let (mut engine, mut step) = Engine::begin(
        &request.policy,
        request.repeat(),
        prior.reached,
        shared.seed(),
        delays,
        Duration::ZERO,
    );
    let Prior { mut reply, mut error, report: earlier, .. } = prior;
    let end = loop {
        step = match step {
            Step::Send(permit) => {
                let span = debug_span!(
                    "idem.attempt",
                    http.request.resend_count = permit.resend_count(),
                    http.response.status_code = field::Empty,
                    error.r#type = field::Empty,
                );
                let last = reply.as_ref().map(Reply::status);
                let attempted = attempt(shared, &request, &permit, last).instrument(span.clone()).await;
                note(&span, &attempted);
                let verdict = attempted.verdict(request.repeat());
                match attempted {
                    Attempted::Answered(answer, _) => (reply, error) = (Some(answer), None),
                    Attempted::Failed(failure) => error = Some(failure),
                }
                engine.settle(permit, verdict, started.elapsed())
            }
            Step::Wait(pause) => {
                debug!(wait_ms = u64::try_from(pause.duration().as_millis()).unwrap_or(u64::MAX), "waiting");
                tokio::time::sleep(pause.duration()).await;
                engine.resume(pause, started.elapsed())
            }
            Step::Stop(end) => break end,
        };
    };
    let report = Report::new(request.key.clone(), &engine, end.reason, started.elapsed(), earlier);
    tell(&report, end, reply.as_ref().map(Reply::status));
    conclude(end.ending, request, engine.reached(), reply, error, report)
}

fn note(span: &Span, attempted: &Attempted) {
    match attempted {
        Attempted::Answered(reply, _) => {
            span.record("http.response.status_code", reply.status().as_u16());
            span.in_scope(|| debug!(replayed = reply.replayed(), "answered"));
        }
        Attempted::Failed(error) => {
            span.record("error.type", error.kind().name());
            span.in_scope(|| debug!(error = error as &dyn std::error::Error, "failed"));
        }
    }
}

/// What an operator must look at is a warning.
fn tell(report: &Report, end: Stop, status: Option<StatusCode>) {
    use crate::engine::Ending;
    let outcome = end.ending.name();
    Span::current().record("idem.outcome", outcome);
    let (attempts, polls, reason) = (report.attempts(), report.polls(), end.reason);
    let status = status.map(|status| status.as_u16());
    match end.ending {
        Ending::Completed | Ending::Rejected(_) => debug!(outcome, attempts, polls, status, %reason, "ended"),
        _ => tracing::warn!(outcome, attempts, polls, status, %reason, "ended without a final answer"),
    }
}
