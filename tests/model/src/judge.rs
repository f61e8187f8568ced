//! Judges what happens to committed records and what callers are told. It steers nothing, and knows nothing of the
//! protocol: it compares before and after.

use idem_core::clock::Timestamp;
use idem_core::protocol::{ClaimOutcome, Fence, Owner, Record, State, StepLog};

use crate::coverage::Event;
use crate::guards::fingerprint;
use crate::model::Explored;
use crate::mutant::Mutant;
use crate::rule::Rule;
use crate::state::{Answer, Marks, Phase, Request, World, call_of};

/// Who changes a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// A call that asks for a claim.
    Claim(u8),
    /// A call under its claim, or with one inside its transaction.
    Owner(u8, Fence),
    /// A verdict: on whose claim, and whether it denies the effect.
    Verdict {
        about: Owner,
        denies: bool,
    },
    Operator,
    /// Sweeper and reaper.
    Upkeep,
}

/// What a caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Answer(Answer),
    /// Nothing happened: try again.
    Nothing,
    /// In progress, unknown, mismatch.
    Refused,
}

impl World {
    /// Changes the committed record of `key`.
    pub(crate) fn write<T>(
        &mut self,
        model: &Explored,
        key: u8,
        by: By,
        change: impl FnOnce(&mut Option<Record>, Timestamp) -> T,
    ) -> T {
        let now = self.now();
        let before = self.key(key).record.clone();
        let outcome = change(&mut self.key_mut(key).record, now);
        if self.key(key).record != before {
            if !model.guards.lacks(Mutant::ChangeNamesNoOwner) {
                self.drop_late(key, |late| !matches!(late, Request::Change { .. }));
            }
            if self.key(key).record.is_some() && !model.config.outlive {
                // It comes to nothing where there is a record, and is dropped when that one goes.
                self.drop_late(key, |late| late != Request::Insert);
            }
            self.judge(model, key, before.as_ref(), by, now);
        }
        outcome
    }

    fn judge(&mut self, model: &Explored, key: u8, before: Option<&Record>, by: By, now: Timestamp) {
        let after = self.key(key).record.clone();
        let won = after.as_ref().is_some_and(|after| before.is_none_or(|before| before.owner != after.owner));
        let live = before.filter(|before| !before.state.is_expired(now));
        if let Some(before) = live {
            self.judge_live(model, before, after.as_ref(), by);
        }
        // No claim is under way longer than the retention, nor than an operator waits before dropping a record.
        if after.is_none() && matches!(by, By::Upkeep | By::Operator) && !model.config.outlive {
            self.drop_late(key, |late| !late.is_claim());
        }
        let over = live.is_none() || by == By::Operator;
        if over && (won || after.is_none()) {
            self.begin_anew(key);
        }
        match by {
            By::Claim(call) | By::Owner(call, _) if won => {
                let (key, broken) = (&mut self.keys[usize::from(key)], &mut self.broken);
                let fence = after.as_ref().map(|after| after.owner.fence);
                if fence <= key.top {
                    broken.add(Rule::FencesRise);
                }
                (key.top, key.holder) = (fence, Some(call));
                if before.is_some() && live.is_none() {
                    model.saw(Event::ExpiredKeyUsedAnew);
                }
            }
            By::Owner(call, fence) if !self.holds(key, call, fence) => {
                self.broken.add(Rule::StaleOwnersWriteNothing);
            }
            By::Claim(_) | By::Owner(..) | By::Upkeep => {}
            By::Verdict { about, denies } => {
                if denies {
                    self.disown(key, about);
                }
            }
            By::Operator => {
                if let Some(before) = before {
                    self.disown(key, before.owner);
                }
                // A claim within the same instant gets the same fence again, as `forget` says.
                let key = self.key_mut(key);
                key.top = key.top.filter(|top| top.as_u64() < now.as_micros());
            }
        }
        if let Some(Record { state: State::Done { reply, .. }, .. }) = &after {
            self.key_mut(key).first.get_or_insert_with(|| Answer::read(reply));
        }
    }

    /// The record had not expired.
    fn judge_live(&mut self, model: &Explored, before: &Record, after: Option<&Record>, by: By) {
        let running = after.is_some_and(|after| matches!(after.state, State::Running { .. }));
        let settles = matches!(by, By::Verdict { .. } | By::Operator);
        if after.is_some_and(|after| after.fingerprint != before.fingerprint) {
            self.broken.add(Rule::OtherRequestsAreRefused);
        }
        match (&before.state, after.map(|after| &after.state)) {
            (State::Done { reply, .. }, Some(State::Done { reply: now, .. })) if reply != now => {
                self.broken.add(Rule::OneAnswer);
            }
            (State::Done { .. }, Some(State::Done { .. })) => {}
            (State::Done { .. }, _) if by != By::Operator => self.broken.add(Rule::FinalIsReplayed),
            (State::Unknown, Some(State::Done { .. })) if matches!(by, By::Owner(..)) => {
                model.saw(Event::LateOwnerIsAVerdict);
            }
            (State::Unknown, Some(State::Released { .. })) if matches!(by, By::Owner(..)) => {
                model.saw(Event::LateReleaseIsAVerdict);
            }
            (State::Unknown, _) if !settles => self.broken.add(Rule::UnknownNeedsVerdict),
            (State::Running { .. }, _)
                if running && after.is_some_and(|after| after.owner != before.owner) =>
            {
                model.saw(Event::TakenOver);
            }
            (State::Running { .. }, Some(State::Unknown)) => model.saw(Event::LeftUnknown),
            (State::Released { .. }, _) if running => model.saw(Event::ClaimedAgain),
            _ => {}
        }
    }

    /// No other claim has won since, and the claim was not taken away.
    pub(crate) fn holds(&self, key: u8, call: u8, fence: Fence) -> bool {
        let key = self.key(key);
        (key.holder, key.top) == (Some(call), Some(fence))
    }

    /// A new retention begins: what happened in the old one is over.
    fn begin_anew(&mut self, key: u8) {
        let held = self.key_mut(key);
        // The steps go with the record that they belong to.
        held.steps = StepLog::default();
        (held.first, held.holder) = (None, None);
        for call in self.calls.iter_mut().filter(|call| call.key == key) {
            let Marks { disowned, begun, .. } = call.marks;
            call.marks = Marks { disowned, begun, ..Marks::default() };
        }
    }

    /// The claim is over, even if its owner goes on.
    fn disown(&mut self, key: u8, owner: Owner) {
        self.key_mut(key).holder = None;
        let call = self.call_mut(call_of(owner));
        (call.marks.disowned, call.marks.foreign) = (true, false);
    }

    /// What a claim of `call` was told, on the record that it met.
    pub(crate) fn judge_claim(
        &mut self,
        model: &Explored,
        call: u8,
        met: Option<&Record>,
        outcome: &ClaimOutcome,
    ) {
        let now = self.now();
        let Some(met) = met.filter(|met| !met.state.is_expired(now)) else { return };
        if met.fingerprint != fingerprint(self.call(call).other) {
            if *outcome == ClaimOutcome::Mismatch {
                model.saw(Event::Mismatch);
            } else {
                self.broken.add(Rule::OtherRequestsAreRefused);
            }
            return;
        }
        match (&met.state, outcome) {
            (State::Done { reply, .. }, ClaimOutcome::Replay(replay)) if *reply == replay.reply => {
                model.saw(Event::Replayed);
            }
            (State::Done { .. }, _) | (_, ClaimOutcome::Replay(_)) => self.broken.add(Rule::FinalIsReplayed),
            // One that was released, by a sweep or a verdict, asks with a fresh nonce: it does not wait.
            (State::Running { .. }, ClaimOutcome::InFlight { .. }) if call_of(met.owner) == call => {
                self.broken.add(Rule::NotByItself);
            }
            _ => {}
        }
    }

    /// The caller is answered, and the call is over.
    pub(crate) fn tell(&mut self, call: u8, told: Told) {
        if let Told::Answer(answer) = told {
            let key = self.key(self.call(call).key);
            let same = |record: &Record| record.fingerprint == fingerprint(self.call(call).other);
            let apart = matches!(answer, Answer::Of(of, _) if self.call(of).key != self.call(call).key);
            let (first, same) = (key.first, key.record.as_ref().is_none_or(same));
            if first != Some(answer) {
                self.broken.add(Rule::OneAnswer);
            }
            if apart {
                self.broken.add(Rule::ScopesStayApart);
            }
            if !same {
                self.broken.add(Rule::OtherRequestsAreRefused);
            }
        }
        self.call_mut(call).phase = Phase::Gone { told_nothing: told == Told::Nothing };
    }

    /// The foreign effect of `call` happens.
    pub(crate) fn take_effect(&mut self, call: u8) {
        let call = self.call_mut(call);
        (call.marks.foreign, call.marks.begun) = (!call.marks.disowned, true);
    }
}
