//! The guards that can be taken out, one at a time, and what must be noticed then.

use crate::config::{Config, Form};
use crate::rule::Rule;

/// A guard that is out. The protocol itself stays as it is: what is tampered with is what goes into it, and what is
/// made of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[non_exhaustive]
pub enum Mutant {
    /// A completion compares the fence alone.
    NonceForgotten,
    /// A completion compares the nonce alone.
    FenceForgotten,
    /// A completion does not ask where the record stands.
    StateForgotten,
    /// A renewal compares nothing.
    RenewalUnguarded,
    /// A release compares nothing.
    ReleaseUnguarded,
    /// Giving a record up as unknown compares nothing.
    MarkUnknownUnguarded,
    /// A release drops the row.
    ReleaseDeletes,
    /// A release is stored as an answer.
    ReleaseStored,
    /// A lapsed claim is taken over although its owner asked for `unknown`.
    TakeoverDespiteUnknown,
    /// An unknown record is claimed.
    UnknownIsClaimed,
    /// A claim does not compare fingerprints.
    FingerprintIgnored,
    /// An address leaves the scope out.
    ScopeForgotten,
    /// A claim takes a done record for expired.
    FinalIsRunAgain,
    /// A claim whose reply was lost is repeated with a new nonce.
    FreshNonce,
    /// A claim whose nonce was released is won once more.
    SpentNonceAccepted,
    /// An abandoned claim is asked a second time beside the first, and only the second is followed to its answer.
    AskedBesideItself,
    /// A release needs a running record.
    ReleaseOnlyWhileRunning,
    /// A claim's conditional change names the state and the time that it read, and no owner.
    ChangeNamesNoOwner,
    /// A claim whose reply was lost is not followed to its answer.
    FollowerGivesUp,
    /// An answer leaves although its record was not heard of.
    AnswerBeforeRecord,
    /// An owner that is told another answer gives its own.
    StaleOwnerAnswersItself,
    /// An owner that is told another answer does not ask whether its key was used for another request.
    StaleOwnerAnswersAnother,
    /// A verdict is applied to the present owner of the record.
    VerdictForAnybody,
    /// The sweeper leaves abandoned records that may be re-run.
    SweepKeepsRerun,
    /// The sweeper frees abandoned records that must not be re-run.
    SweepFreesUnknown,
    /// The reaper drops unknown records.
    ReaperDropsUnknown,
    /// The reaper drops running records.
    ReaperDropsRunning,
    /// A stored step is run again by the next attempt.
    StepIsRunAgain,
    /// The transaction commits although its completion touched no row.
    CommitAnyway,
    /// A lost COMMIT is settled by a plain read.
    PlainRead,
    /// A lost COMMIT is settled by a write that does not wait for the old transaction's end.
    SettlingDoesNotWait,
    /// A completion does not notice that its row is not in this transaction any more.
    EarlyCommitUnnoticed,
    /// A refusal does not notice it before the rollback.
    RefusalUnnoticed,
    /// An abort does not notice it.
    AbortUnnoticed,
    /// A claim inside a transaction says `rerun`.
    RerunInTransaction,
    /// A refusal's effect is not rolled back.
    RefusalKeepsEffect,
    /// The record is completed by a statement of its own, after the transaction.
    CompletedAfterCommit,
    /// A claim inside a transaction does not lock its row.
    NoRowLock,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 38] = [
        Self::NonceForgotten,
        Self::FenceForgotten,
        Self::StateForgotten,
        Self::RenewalUnguarded,
        Self::ReleaseUnguarded,
        Self::MarkUnknownUnguarded,
        Self::ReleaseDeletes,
        Self::ReleaseStored,
        Self::TakeoverDespiteUnknown,
        Self::UnknownIsClaimed,
        Self::FingerprintIgnored,
        Self::ScopeForgotten,
        Self::FinalIsRunAgain,
        Self::FreshNonce,
        Self::SpentNonceAccepted,
        Self::AskedBesideItself,
        Self::ReleaseOnlyWhileRunning,
        Self::ChangeNamesNoOwner,
        Self::FollowerGivesUp,
        Self::AnswerBeforeRecord,
        Self::StaleOwnerAnswersItself,
        Self::StaleOwnerAnswersAnother,
        Self::VerdictForAnybody,
        Self::SweepKeepsRerun,
        Self::SweepFreesUnknown,
        Self::ReaperDropsUnknown,
        Self::ReaperDropsRunning,
        Self::StepIsRunAgain,
        Self::CommitAnyway,
        Self::PlainRead,
        Self::SettlingDoesNotWait,
        Self::EarlyCommitUnnoticed,
        Self::RefusalUnnoticed,
        Self::AbortUnnoticed,
        Self::RerunInTransaction,
        Self::RefusalKeepsEffect,
        Self::CompletedAfterCommit,
        Self::NoRowLock,
    ];

    /// The smallest world in which it is noticed.
    #[must_use]
    pub fn config(self) -> Config {
        let small = match self.form() {
            Form::Plain => Config::plain(),
            Form::Steps => Config::steps(),
            Form::Tx => Config::tx(),
        };
        let other = matches!(self, Self::FingerprintIgnored | Self::StaleOwnerAnswersAnother);
        Config {
            workers: 2,
            // Beside another's claim, one that is asked twice is not safe with its guard either.
            calls: if self == Self::SpentNonceAccepted { 1 } else { small.calls },
            beside: matches!(self, Self::SpentNonceAccepted | Self::AskedBesideItself),
            // Else no nonce ever has two fences.
            outlive: self == Self::FenceForgotten,
            keys: if self == Self::ScopeForgotten { 2 } else { 1 },
            others: usize::from(other),
            // With names that stay, the way there can be read.
            symmetry: false,
            mutant: Some(self),
            threads: 1,
            ..small
        }
    }

    fn form(self) -> Form {
        match self {
            Self::CommitAnyway
            | Self::PlainRead
            | Self::SettlingDoesNotWait
            | Self::EarlyCommitUnnoticed
            | Self::RefusalUnnoticed
            | Self::AbortUnnoticed
            | Self::RerunInTransaction
            | Self::RefusalKeepsEffect
            | Self::CompletedAfterCommit
            | Self::NoRowLock => Form::Tx,
            Self::StepIsRunAgain => Form::Steps,
            _ => Form::Plain,
        }
    }

    /// The rule that is broken on the shortest way.
    #[must_use]
    pub const fn breaks(self) -> Rule {
        match self {
            Self::NonceForgotten
            | Self::FenceForgotten
            | Self::RenewalUnguarded
            | Self::ReleaseUnguarded
            | Self::MarkUnknownUnguarded => Rule::StaleOwnersWriteNothing,
            Self::StateForgotten | Self::AnswerBeforeRecord | Self::StaleOwnerAnswersItself => {
                Rule::OneAnswer
            }
            Self::ReleaseDeletes => Rule::FencesRise,
            Self::ReleaseStored | Self::FinalIsRunAgain => Rule::FinalIsReplayed,
            Self::TakeoverDespiteUnknown
            | Self::VerdictForAnybody
            | Self::SweepFreesUnknown
            | Self::ReaperDropsRunning => Rule::OneForeignEffect,
            Self::UnknownIsClaimed | Self::ReaperDropsUnknown => Rule::UnknownNeedsVerdict,
            Self::FingerprintIgnored | Self::StaleOwnerAnswersAnother => Rule::OtherRequestsAreRefused,
            Self::ScopeForgotten => Rule::ScopesStayApart,
            Self::FreshNonce => Rule::NotByItself,
            Self::SpentNonceAccepted
            | Self::AskedBesideItself
            | Self::ReleaseOnlyWhileRunning
            | Self::ChangeNamesNoOwner
            | Self::FollowerGivesUp => Rule::UnknownOnlyIfBegun,
            Self::SweepKeepsRerun => Rule::EveryKeyEnds,
            Self::StepIsRunAgain => Rule::StoredStepsStay,
            Self::CommitAnyway
            | Self::EarlyCommitUnnoticed
            | Self::RefusalUnnoticed
            | Self::RefusalKeepsEffect
            | Self::CompletedAfterCommit => Rule::EffectWithRecord,
            Self::PlainRead | Self::SettlingDoesNotWait | Self::AbortUnnoticed => Rule::NothingMeansNothing,
            Self::RerunInTransaction | Self::NoRowLock => Rule::OneCoupledEffect,
        }
    }
}
