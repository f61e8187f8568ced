//! Worlds that cannot be told apart by anything that may still happen are made one.

use idem_core::clock::Timestamp;
use idem_core::protocol::{Fence, State};

use crate::state::{Answer, Phase, Request, World, call_of};

/// Stands for the fence of the record, once the clock has passed it.
const CURRENT: Fence = Fence::from_u64(1);
/// Stands for every other fence that the clock has passed: it is never granted again, and no record has it.
const STALE: Fence = Fence::from_u64(0);

impl World {
    /// Forgets what makes no difference any more. With `symmetry`, calls change places too.
    pub(crate) fn tidy(&mut self, symmetry: bool) {
        let now = self.now();
        for record in self.keys.iter_mut().filter_map(|key| key.record.as_mut()) {
            match &mut record.state {
                State::Running { lease: over }
                | State::Done { expires: over, .. }
                | State::Released { expires: over }
                    if *over <= now =>
                {
                    // Over is over.
                    *over = Timestamp::from_micros(0);
                }
                _ => {}
            }
        }
        for call in (0..).take(self.calls.len()) {
            self.forget_fences_of(call, now);
            self.bury(call);
        }
        for key in (0..).take(self.keys.len()) {
            self.forget_fences_at(key, now);
        }
        if symmetry {
            self.sort();
        }
    }

    fn forget_fences_of(&mut self, number: u8, now: Timestamp) {
        let owner = self.key(self.call(number).key).record.as_ref().map(|record| record.owner);
        let current = owner.filter(|owner| call_of(*owner) == number).map(|owner| owner.fence);
        let call = self.call_mut(number);
        if call.tx.as_ref().is_some_and(|tx| tx.row.is_some()) {
            // Its fence is that of a record which no other call sees yet.
            return;
        }
        match &mut call.phase {
            Phase::Won(fence)
            | Phase::Ran(fence)
            | Phase::Stored(fence)
            | Phase::Ending(_, fence)
            | Phase::Writing(fence, _) => shorten(fence, current, now),
            Phase::Idle
            | Phase::Claiming
            | Phase::Refusing
            | Phase::Ready(_)
            | Phase::Settling
            | Phase::Gone { .. } => {}
        }
        for late in &mut call.late {
            match late {
                Request::Renew(fence) | Request::Step(fence) | Request::End(_, fence) => {
                    shorten(fence, current, now);
                }
                Request::Change { until: Some(over), .. } if *over <= now => {
                    *over = Timestamp::from_micros(0);
                }
                Request::Insert | Request::Change { .. } | Request::Ask => {}
            }
        }
        call.late.sort_unstable();
        call.late.dedup();
    }

    /// After those of its calls.
    fn forget_fences_at(&mut self, key: u8, now: Timestamp) {
        let key = self.key_mut(key);
        let owner = key.record.as_ref().map(|record| record.owner);
        if let Some(finding) = &mut key.verdict {
            let current = owner.filter(|owner| owner.nonce == finding.seen.nonce).map(|owner| owner.fence);
            shorten(&mut finding.seen.fence, current, now);
        }
        match (&mut key.record, &mut key.top) {
            (Some(record), Some(top)) => {
                let current = Some(record.owner.fence);
                shorten(top, current, now);
                shorten(&mut record.owner.fence, current, now);
            }
            // The next claim gets a higher one.
            (None, Some(top)) if passed(*top, now) => key.top = None,
            _ => {}
        }
    }

    /// What of a call that is over can still make a difference.
    fn bury(&mut self, number: u8) {
        let call = self.call(number);
        let Phase::Gone { told_nothing } = call.phase else { return };
        let owns = self.key(call.key).record.as_ref().is_some_and(|record| call_of(record.owner) == number);
        let answers = match self.key(call.key).record.as_ref().map(|record| &record.state) {
            Some(State::Done { reply, .. }) => {
                matches!(Answer::read(reply), Answer::Of(of, _) if of == number)
            }
            _ => false,
        };
        let call = self.call_mut(number);
        // It has no effect any more, so nothing of it need be excused.
        call.marks.disowned = false;
        if !call.late.is_empty() || call.tx.is_some() {
            return;
        }
        let counts = call.marks.any() || answers;
        call.phase = Phase::Gone { told_nothing: told_nothing && counts };
        call.other = false;
        call.marks.torn &= counts;
        // It wins nothing any more.
        call.marks.begun &= owns;
        if !counts && !owns {
            call.key = 0;
        }
    }
}

fn passed(fence: Fence, now: Timestamp) -> bool {
    fence.as_u64() < now.as_micros()
}

/// A fence that the clock has passed matters only as far as it is the record's.
fn shorten(fence: &mut Fence, current: Option<Fence>, now: Timestamp) {
    if passed(*fence, now) {
        *fence = if Some(*fence) == current { CURRENT } else { STALE };
    }
}
