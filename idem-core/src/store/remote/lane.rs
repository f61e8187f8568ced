//! A lane: a task on the store's thread that takes the operations that wait, one batch at a time.

use std::sync::Arc;

use super::queue::{Queue, Waiting, Work};
use crate::store::StoreError;

pub(super) struct Lane<W: Work> {
    queue: Arc<Queue<W>>,
    /// Has taken a batch, so that starting another one in its place comes to an end.
    served: bool,
    ended: bool,
}

impl<W: Work> Lane<W> {
    /// For a lane that the queue has counted.
    pub(super) const fn new(queue: Arc<Queue<W>>) -> Self {
        Self { queue, served: false, ended: false }
    }

    pub(super) async fn run(mut self) {
        while let Some(batch) = self.queue.next() {
            self.served = true;
            let (requests, callers): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|Waiting { request, caller }| (request, caller)).unzip();
            let answers = self.queue.work().answer(&requests).await;
            for (caller, answer) in callers.into_iter().zip(answers) {
                // A caller may stop waiting at any time.
                let _ignored = caller.send(answer);
            }
        }
        self.ended = true;
    }

    /// There is nowhere to run it.
    pub(super) fn refuse(mut self, error: &StoreError) {
        self.ended = true;
        for Waiting { caller, .. } in self.queue.abandon() {
            let _ignored = caller.send(Err(error.share()));
        }
    }
}

impl<W: Work> Drop for Lane<W> {
    /// The work panicked, or the runtime went down with the lane.
    fn drop(&mut self) {
        if !self.ended {
            self.queue.lane_lost(self.served);
        }
    }
}
