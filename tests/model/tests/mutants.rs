//! Without any of its guards the model breaks a rule, and says which.

use idem_model::{Config, Mutant, check};

/// The mutant breaks its rule on a way that the checker finds, also where worlds are made one.
fn is_found(mutant: Mutant) {
    for symmetry in [false, true] {
        let report = check(&Config { symmetry, ..mutant.config() });
        println!("{mutant:?}: {report}");
        let broken: Vec<_> = report.broken.iter().map(|found| found.rule).collect();
        assert!(broken.contains(&mutant.breaks()), "{mutant:?} broke {broken:?}");
    }
}

macro_rules! mutants {
    ($($test:ident $mutant:ident;)*) => {
        $(#[test]
        fn $test() {
            is_found(Mutant::$mutant);
        })*

        #[test]
        fn each_has_a_test() {
            let tested = [$(Mutant::$mutant),*];
            assert_eq!(tested, Mutant::ALL);
        }
    };
}

mutants! {
    a_completion_without_the_nonce NonceForgotten;
    a_completion_without_the_fence FenceForgotten;
    a_completion_without_the_state StateForgotten;
    a_renewal_without_a_guard RenewalUnguarded;
    a_release_without_a_guard ReleaseUnguarded;
    a_mark_as_unknown_without_a_guard MarkUnknownUnguarded;
    a_release_that_drops_the_row ReleaseDeletes;
    a_release_that_is_stored ReleaseStored;
    a_takeover_despite_unknown TakeoverDespiteUnknown;
    a_claim_of_an_unknown_record UnknownIsClaimed;
    a_claim_without_the_fingerprint FingerprintIgnored;
    an_address_without_the_scope ScopeForgotten;
    a_claim_of_a_done_record FinalIsRunAgain;
    a_repeated_claim_with_a_fresh_nonce FreshNonce;
    a_released_nonce_that_wins_again SpentNonceAccepted;
    a_claim_asked_a_second_time_beside_itself AskedBesideItself;
    a_release_of_running_records_alone ReleaseOnlyWhileRunning;
    a_change_that_names_no_owner ChangeNamesNoOwner;
    a_claim_that_is_not_followed FollowerGivesUp;
    an_answer_before_its_record AnswerBeforeRecord;
    a_stale_owner_that_answers_itself StaleOwnerAnswersItself;
    a_stale_owner_that_answers_another_request StaleOwnerAnswersAnother;
    a_verdict_for_every_owner VerdictForAnybody;
    a_sweep_that_keeps_rerun_records SweepKeepsRerun;
    a_sweep_that_frees_unknown_records SweepFreesUnknown;
    a_reaper_of_unknown_records ReaperDropsUnknown;
    a_reaper_of_running_records ReaperDropsRunning;
    a_step_that_runs_again StepIsRunAgain;
    a_commit_without_its_record CommitAnyway;
    a_lost_commit_settled_by_a_plain_read PlainRead;
    a_lost_commit_settled_without_waiting SettlingDoesNotWait;
    an_early_commit_unnoticed_by_a_completion EarlyCommitUnnoticed;
    an_early_commit_unnoticed_by_a_refusal RefusalUnnoticed;
    an_early_commit_unnoticed_by_an_abort AbortUnnoticed;
    a_claim_in_a_transaction_that_says_rerun RerunInTransaction;
    a_refusal_that_keeps_its_effect RefusalKeepsEffect;
    a_completion_after_the_commit CompletedAfterCommit;
    a_claim_that_locks_no_row NoRowLock;
}
