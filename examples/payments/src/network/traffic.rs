//! What the network saw and did.

use super::fate::{Fate, Pace, Passage};

/// Counts of requests, as the callers sent them, and of the faults that they met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) requests: u64,
    pub(crate) requests_lost: u64,
    pub(crate) replies_lost: u64,
    pub(crate) duplicates: u64,
    pub(crate) resets: u64,
    pub(crate) delays: u64,
}

impl Traffic {
    /// Counts a request with this fate.
    pub(crate) fn count(&mut self, fate: Fate) {
        self.requests += 1;
        match fate.passage {
            Passage::Delivered => {}
            Passage::RequestLost => self.requests_lost += 1,
            Passage::ReplyLost => self.replies_lost += 1,
            Passage::Duplicated => self.duplicates += 1,
            Passage::Reset => self.resets += 1,
        }
        match fate.pace {
            // A request that is lost has no pace.
            Pace::Delayed(_) if fate.passage != Passage::RequestLost => self.delays += 1,
            Pace::Delayed(_) | Pace::Prompt => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn counts_each_fault_once() {
        let late = Pace::Delayed(Duration::from_millis(1));
        let mut traffic = Traffic::default();
        for (passage, pace) in [
            (Passage::Delivered, Pace::Prompt),
            (Passage::Delivered, late),
            (Passage::RequestLost, late),
            (Passage::ReplyLost, Pace::Prompt),
            (Passage::Duplicated, late),
            (Passage::Reset, Pace::Prompt),
        ] {
            traffic.count(Fate { passage, pace });
        }
        let expected =
            Traffic { requests: 6, requests_lost: 1, replies_lost: 1, duplicates: 1, resets: 1, delays: 2 };
        assert_eq!(traffic, expected);
    }
}
