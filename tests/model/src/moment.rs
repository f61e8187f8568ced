//! The rules about one moment, and all rules as properties for the checker.

use idem_core::clock::Timestamp;
use idem_core::protocol::{AfterCrash, Record, State};
use stateright::Property;

use crate::config::Form;
use crate::model::Explored;
use crate::rule::Rule;
use crate::state::{Answer, Call, Halves, Outcome, Phase, World, call_of};

impl Rule {
    pub(crate) fn property(self) -> Property<Explored> {
        macro_rules! properties {
            ($($rule:ident)*) => {
                match self {
                    $(Self::$rule => |model: &Explored, world: &World| world.keeps(model, Self::$rule),)*
                }
            };
        }
        let condition: fn(&Explored, &World) -> bool = properties!(
            OneCoupledEffect OneForeignEffect OneAnswer FencesRise StaleOwnersWriteNothing EffectWithRecord
            OtherRequestsAreRefused StoredStepsStay ScopesStayApart FinalIsReplayed UnknownNeedsVerdict UnknownOnlyIfBegun
            NothingMeansNothing NotByItself EveryKeyEnds
        );
        Property::always(self.name(), condition)
    }
}

impl World {
    fn keeps(&self, model: &Explored, rule: Rule) -> bool {
        !self.broken.has(rule)
            && match rule {
                Rule::OneCoupledEffect => self.at_most_one(|call| call.marks.landed.any()),
                Rule::OneForeignEffect => {
                    self.after_crash == AfterCrash::Rerun || self.at_most_one(|call| call.marks.foreign)
                }
                Rule::EffectWithRecord => model.config.form != Form::Tx || self.couples(),
                Rule::NothingMeansNothing => self
                    .calls
                    .iter()
                    .all(|call| call.phase != (Phase::Gone { told_nothing: true }) || !call.marks.any()),
                Rule::UnknownOnlyIfBegun => !self.keeps_a_claim_for_no_caller(),
                Rule::FinalIsReplayed => !self.answers_with_a_released_result(),
                Rule::EveryKeyEnds => !self.is_quiet() || self.ends(model),
                _ => true,
            }
    }

    fn at_most_one(&self, holds: impl Fn(&Call) -> bool) -> bool {
        (0..self.keys.len()).all(|key| {
            self.calls.iter().filter(|call| usize::from(call.key) == key && holds(call)).count() <= 1
        })
    }

    /// Each effect that the database did not tear stands beside its own answer, and each answer beside its effect.
    fn couples(&self) -> bool {
        self.calls.iter().zip(0..).all(|(call, number)| {
            let answer = match &self.key(call.key).record {
                Some(Record { state: State::Done { reply, .. }, .. }) => Some(Answer::read(reply)),
                _ => None,
            };
            let whole = call.marks.landed == Halves::WHOLE && !call.marks.torn;
            match answer {
                Some(Answer::Of(of, Outcome::Success)) if of == number => whole,
                Some(Answer::Of(of, Outcome::Refusal)) if of == number => !call.marks.landed.any(),
                _ => !call.marks.landed.any() || call.marks.torn,
            }
        })
    }

    fn answers_with_a_released_result(&self) -> bool {
        self.keys.iter().any(|key| match &key.record {
            Some(Record { state: State::Done { reply, .. }, .. }) => match Answer::read(reply) {
                Answer::Of(call, _) => self.call(call).phase == Phase::Gone { told_nothing: true },
                Answer::Verdict => false,
            },
            _ => false,
        })
    }

    /// A record is unknown, or will be once its lease is over, although its owner's handler never began, its process
    /// lives, and no worker is left that follows the claim and would release it.
    fn keeps_a_claim_for_no_caller(&self) -> bool {
        self.keys.iter().filter_map(|key| key.record.as_ref()).any(|record| {
            let owner = self.call(call_of(record.owner));
            matches!(record.state, State::Running { .. } | State::Unknown)
                && !owner.phase.is_live()
                && !owner.marks.begun
        })
    }

    /// No call is live, and none has an open transaction.
    fn is_quiet(&self) -> bool {
        self.calls.iter().all(|call| !call.phase.is_live() && call.tx.is_none())
    }

    /// Given time, the sweeper moves every record to where it may stay.
    fn ends(&self, model: &Explored) -> bool {
        let later = Timestamp::from_micros(u64::MAX / 4);
        self.keys.iter().filter_map(|key| key.record.clone()).all(|mut record| {
            let _ = model.guards.sweep(&mut record, later);
            !matches!(record.state, State::Running { .. } | State::Unwinding)
        })
    }
}
