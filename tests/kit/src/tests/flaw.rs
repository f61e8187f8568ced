//! What can be wrong with a store, one thing at a time.

macro_rules! flaws {
    ($($(#[$doc:meta])* $flaw:ident)*) => {
        /// One broken rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Flaw {
            $($(#[$doc])* $flaw,)*
        }

        impl Flaw {
            pub(super) const ALL: &[Self] = &[$(Self::$flaw),*];
        }
    };
}

flaws! {
    // Guards.
    IgnoresNonce
    IgnoresFence
    IgnoresHalfTheNonce
    IgnoresOwnerAtForget
    IgnoresOwnerAtSettle
    IgnoresFingerprint
    ComparesDigestsOnly
    ComparesHalfTheFingerprint

    // Claims.
    TellsInFlightBeforeMismatch
    TellsMismatchBeforeExpiry
    TellsUnknownBeforeMismatch
    IgnoresLease
    LeasesLastForEver
    LeasesEndLate
    IgnoresCrashPolicy
    AsksTheClaimantForThePolicy
    KeepsTheFirstPolicy
    RerunsForOtherRequests
    AnswersWonTwice
    ForgetsClaims
    RepeatsPushLeases
    RepeatsCountAsAttempts
    ReturnsFenceOfTheClock
    CountsFencesFromOne
    ForgetsAttempts
    ForgetsAge
    Relabels
    IgnoresExpiry
    KeepsTheExpiredRecord
    ReplaysReleased
    RerunsUnknown
    RerunsDoneForItsOwner
    RunsReleasedForItsOwner
    RunsExpiredForItsOwner
    LeavesUnknownRunning
    DisownsUnknown
    MismatchesWrite
    ReplaysPushExpiry
    InFlightPushesLease
    WrapsLongSpans
    MistakesLeaseLeft

    // Other fields.
    KeepsAsciiLabels
    LosesHints
    StampsSeconds

    // What the handler said of its record.
    LosesTermsAtClaims
    LosesTermsAtEnds
    KeepsTheFirstTerms
    CutsNamespacesAtSpaces
    SwapsRetentionAndLease
    SweepsByItsOwnRetention
    SettlesByItsOwnRetention
    FreesByItsOwnRetention
    ListsWithoutTerms

    // Completions and other writes.
    CompletesReleased
    RefusesLateCompletion
    OverwritesReplies
    ForgetsCompletions
    RepeatedCompletionsPushExpiry
    RepeatedReleasesPushExpiry
    CutsRepliesAt255
    CutsRepliesAt64K
    CutsRepliesAtNul
    MakesRepliesText
    ForgetsEmptyReplies
    HangsUpOnLongReplies
    StarvesBatchesWithLongReplies
    CutsVerdictsAtNul
    KeepsLosersInTheDark
    CreatesOnWrite
    KeepsForNoTime
    ReleasesDone
    RefusesLateRelease
    ForgetsReleases
    DeletesOnRelease
    MarkUnknownDone
    ForgetsMarkUnknown
    RepeatedMarkUnknownCount

    // Renewals.
    ShortensLeases
    RenewsNothing
    AddsToTheLease
    RefusesLateRenewals
    RevivesEndedClaims
    AnswersRenewalsBackwards

    // Verdicts.
    SettlesRunning
    ForgetsVerdicts
    TakesAnyVerdictAgain
    OverwritesVerdicts
    TurnsVerdictsRound
    DropsRunning
    RefusesToForgetTwice
    KeepsForgotten

    // Orders.
    IgnoresOwnerAtFree
    IgnoresStateOfOrders
    IgnoresTimeOfOrders
    KeepsFreed
    FreesEnded
    ForgetsFrees
    TakesAnyOrderAgain
    RefusesToFreeUnknown
    LosesLines
    LosesLinesAtClaims
    LosesLinesAtEnds
    LosesLinesAtRenewals
    LosesLinesAtSweeps
    KeepsLinesPastExpiry
    WritesLinesOfRefusedOrders
    KeepsTheFirstLine
    CutsLinesAt100
    KeepsAsciiLines
    StampsLinesWithCreation
    ListsWithoutLines

    // Namespaces.
    ListsEveryNamespace
    CountsEveryNamespace
    SweepsEveryNamespace
    SettlesEveryNamespace
    FreesEveryNamespace
    ForgetsEveryNamespace
    IgnoresCaseOfNamespaces
    IgnoresSpacesAfterNamespaces
    MatchesBeginningsOfNamespaces
    CutsPagesBeforeItLooksWhose
    SpendsSweepsOnOthers

    // Sweeps and reaping.
    SweepsNothing
    SweepsTheLiving
    SweepsAllToUnknown
    SweepsAllToReleased
    DisownsSwept
    IgnoresGrace
    IgnoresSweepLimit
    MiscountsSwept
    KeepsSweptForEver
    SweepsOlderFingerprintsOnly
    ReapsNothing
    ReapsRunning
    ReapsUnknown
    ReapsUnexpired
    ReapsDoneOnly
    ReapsOlderFingerprintsOnly
    IgnoresReapLimit
    MiscountsReaped

    // Lists.
    ListsEveryState
    ListsBackwards
    RepeatsTheLastOfAPage
    IgnoresPageLimit
    CountsEveryState
    CountsNothing

    // Tallies, and what is told of take-overs.
    TalliesEveryNamespace
    TalliesReleasedAsRunning
    TalliesByCreation
    TalliesByAnotherClock
    TalliesTheNewestUnknown
    TalliesTheOldestOfAll
    HidesTakeOvers
    TakesEveryRecordOver

    // Batches.
    AnswersBatchesBackwards
    FailsBatchesTogether
    SharesRepliesInBatches
    WritesOnlyTheFirstThousand
    IgnoresOwnersInBatches
    ForgetsRepeatedBatches
    FailsEmptyBatches

    // Races, and what handles share.
    ReadsThenClaims
    ReadsThenWrites
    ReadsThenReaps
    MixesUpWhoWaits
    KeepsRecordsPerHandle
}

impl Flaw {
    /// True if only callers at the same instant can tell.
    pub(super) fn is_a_race(self) -> bool {
        matches!(
            self,
            Self::ReadsThenClaims | Self::ReadsThenWrites | Self::ReadsThenReaps | Self::MixesUpWhoWaits
        )
    }
}
