//! The thread of the one connection that writes.

use tokio::sync::oneshot;

use super::error::Failure;
use super::link::Link;
use super::operation::Operation;
use super::round::{self, Flow};
use super::rules::{ROUND, RoundSettings};
use super::transaction::Broken;
use super::upkeep;
use super::worker::Desk;
use crate::store::{StoreError, Sweep, SweepCount};

type Caller<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer can be asked for.
pub(super) enum Job {
    Operation(Box<dyn Operation>),
    /// For at most [`ROUND`] records.
    Sweep(Sweep, Caller<SweepCount>),
    /// For at most [`ROUND`] records.
    Reap(usize, Caller<usize>),
}

#[derive(Debug)]
pub(super) struct Writer {
    pub(super) link: Link,
    pub(super) rules: RoundSettings,
}

impl Desk for Writer {
    type Job = Job;

    fn serve(&mut self, jobs: Vec<Job>) {
        let mut operations = Vec::with_capacity(jobs.len());
        let mut upkeep = Vec::new();
        for job in jobs {
            match job {
                Job::Operation(operation) => operations.push(operation),
                Job::Sweep(..) | Job::Reap(..) => upkeep.push(job),
            }
        }
        let mut flow = Flow::Open;
        while !operations.is_empty() {
            let later = operations.split_off(operations.len().min(ROUND));
            let now = std::mem::replace(&mut operations, later);
            flow = match flow {
                Flow::Open => round::run(&mut self.link, &self.rules, now),
                // All have waited as long as they may.
                Flow::Shut(failure) => round::finish(now, Err(Broken::Begin(failure))),
            };
        }
        for job in upkeep {
            self.upkeep(job, &mut flow);
        }
    }

    fn close(mut self) {
        self.link.discard();
    }
}

impl Writer {
    fn upkeep(&mut self, job: Job, flow: &mut Flow) {
        match job {
            Job::Operation(operation) => operation.answer(),
            Job::Sweep(sweep, caller) => {
                let done = match flow {
                    Flow::Open => upkeep::sweep(&mut self.link, &self.rules, &sweep),
                    Flow::Shut(failure) => Err(Broken::Begin(failure.clone())),
                };
                tell(caller, done, flow);
            }
            Job::Reap(limit, caller) => {
                let done = match flow {
                    Flow::Open => upkeep::reap(&mut self.link, &self.rules, limit),
                    Flow::Shut(failure) => Err(Broken::Begin(failure.clone())),
                };
                tell(caller, done, flow);
            }
        }
    }
}

fn tell<T>(caller: Caller<T>, done: Result<T, Broken>, flow: &mut Flow) {
    let answer = done.map_err(|broken| {
        let failure: Failure = match broken {
            Broken::Begin(failure) => {
                *flow = Flow::Shut(failure.clone());
                failure
            }
            Broken::Inside(failure) | Broken::Commit(failure) => failure,
        };
        failure.to_error()
    });
    // An error means that the caller was dropped, which is its right.
    let _ignored = caller.send(answer);
}
