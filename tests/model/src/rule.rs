//! The rules that must hold, by name.

/// An invariant. Broken ones are collected in the world in which it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Rule {
    /// I1.
    OneCoupledEffect,
    /// I1, as far as it goes for an effect elsewhere.
    OneForeignEffect,
    /// I2.
    OneAnswer,
    /// I3.
    FencesRise,
    /// I4.
    StaleOwnersWriteNothing,
    /// I5.
    EffectWithRecord,
    /// I6.
    OtherRequestsAreRefused,
    /// I7.
    StoredStepsStay,
    /// I8.
    ScopesStayApart,
    /// I9.
    FinalIsReplayed,
    /// I10.
    UnknownNeedsVerdict,
    /// I11.
    UnknownOnlyIfBegun,
    /// What a caller is told of its own call is true.
    NothingMeansNothing,
    /// No claim is kept out by itself.
    NotByItself,
    /// L1.
    EveryKeyEnds,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::OneCoupledEffect,
        Self::OneForeignEffect,
        Self::OneAnswer,
        Self::FencesRise,
        Self::StaleOwnersWriteNothing,
        Self::EffectWithRecord,
        Self::OtherRequestsAreRefused,
        Self::StoredStepsStay,
        Self::ScopesStayApart,
        Self::FinalIsReplayed,
        Self::UnknownNeedsVerdict,
        Self::UnknownOnlyIfBegun,
        Self::NothingMeansNothing,
        Self::NotByItself,
        Self::EveryKeyEnds,
    ];

    /// The rule in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneCoupledEffect => "I1: at most one coupled effect is committed per key and retention",
            Self::OneForeignEffect => {
                "I1: under `unknown` a foreign effect happens once, unless a verdict denies it"
            }
            Self::OneAnswer => "I2: every answer is the one that completed the record first",
            Self::FencesRise => "I3: fences rise",
            Self::StaleOwnersWriteNothing => "I4: no write by a stale owner succeeds",
            Self::EffectWithRecord => "I5: a coupled effect is committed if and only if its record is done",
            Self::OtherRequestsAreRefused => "I6: another fingerprint neither runs nor sees the answer",
            Self::StoredStepsStay => "I7: a stored step never runs again",
            Self::ScopesStayApart => "I8: nothing of one scope is returned in another",
            Self::FinalIsReplayed => "I9: a final result is always replayed, a released one never",
            Self::UnknownNeedsVerdict => "I10: unknown never becomes running without a verdict",
            Self::UnknownOnlyIfBegun => {
                "I11: unknown is never reached by an operation whose handler never began, as long as its process lives \
                 and no claim is under way longer than the record lives"
            }
            Self::NothingMeansNothing => "a caller that is told that nothing happened has no effect",
            Self::NotByItself => "no call is told to wait for itself",
            Self::EveryKeyEnds => "L1: every claimed key ends in done, released or unknown",
        }
    }
}

/// A set of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Rules(u16);

impl Rules {
    pub(crate) fn add(&mut self, rule: Rule) {
        self.0 |= 1 << rule as u8;
    }

    pub(crate) fn has(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u8) != 0
    }
}
