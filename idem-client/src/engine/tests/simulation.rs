//! A world without a network: a script of verdicts and a clock moved by hand.

use std::time::Duration;

use crate::engine::{Engine, Policy, Reached, Repeat, Schedule, Step, Stop, Verdict};

pub(super) const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// One request as the simulated server sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) at: Duration,
    pub(super) timeout: Duration,
    pub(super) resend_count: u32,
}

/// What a simulated operation did.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) stop: Stop,
    pub(super) sent: Vec<Sent>,
    pub(super) waits: Vec<Duration>,
    pub(super) attempts: u32,
    pub(super) polls: u32,
    pub(super) over_at: Duration,
    pub(super) reached: Reached,
}

pub(super) struct World {
    pub(super) policy: Policy,
    pub(super) repeat: Repeat,
    pub(super) reached: Reached,
    pub(super) seed: u64,
    pub(super) delays: Option<Schedule>,
}

impl World {
    pub(super) fn keyed(policy: Policy) -> Self {
        Self { policy, repeat: Repeat::Keyed, reached: Reached::Nothing, seed: 1, delays: None }
    }

    pub(super) fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The n-th request gets the n-th answer, after its latency; the last one is repeated. An answer slower than the
    /// attempt's time is lost.
    pub(super) fn run(self, script: &[(Verdict, Duration)]) -> Run {
        let mut now = Duration::ZERO;
        let (mut sent, mut waited) = (Vec::new(), Vec::new());
        let (mut engine, mut step) =
            Engine::begin(&self.policy, self.repeat, self.reached, self.seed, self.delays, now);
        let end = loop {
            step = match step {
                Step::Send(permit) => {
                    let (verdict, latency) = script[sent.len().min(script.len() - 1)];
                    let (resend_count, timeout) = (permit.resend_count(), permit.timeout());
                    sent.push(Sent { at: now, timeout, resend_count });
                    now += latency.min(timeout);
                    let verdict = if latency > timeout { Verdict::Lost } else { verdict };
                    engine.settle(permit, verdict, now)
                }
                Step::Wait(pause) => {
                    waited.push(pause.duration());
                    now += pause.duration();
                    engine.resume(pause, now)
                }
                Step::Stop(end) => break end,
            };
            assert!(sent.len() < 100_000, "the engine does not come to an end");
        };
        assert_eq!(engine.waits(), waited);
        Run {
            stop: end,
            sent,
            waits: waited,
            attempts: engine.attempts(),
            polls: engine.polls(),
            over_at: now,
            reached: engine.reached(),
        }
    }

    pub(super) fn answers(self, script: &[Verdict]) -> Run {
        let script: Vec<_> = script.iter().map(|verdict| (*verdict, Duration::ZERO)).collect();
        self.run(&script)
    }
}
