//! The cases, by theme. Each is generic over the backend, takes a [`Trial`](super::Trial) on empty records and panics
//! with the rule that was broken.
//!
//! Seen from outside only so that [`conformance!`](crate::conformance) can name them.
//!
//! ```
//! use idem_core::store::memory::MemoryStore;
//! use idem_testing::{Shared, conformance, run};
//!
//! let fresh = async || Shared::new(|clock| MemoryStore::builder().clock(clock).build());
//! run(fresh, conformance::claims::a_fresh_key_is_won);
//! ```

#![allow(
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    reason = "its cases panic, that is how a test fails, and each message says which rule broke"
)]

pub mod batches;
pub mod claims;
pub mod fences;
pub mod lines;
pub mod listing;
pub mod namespaces;
pub mod nonces;
pub mod order_races;
pub mod orders;
pub mod races;
pub mod reap;
pub mod records;
pub mod renewals;
pub mod repeats;
pub mod replies;
pub mod states;
pub mod sweeps;
pub mod takeovers;
pub mod terms;
pub mod unknown;
pub mod watched;

/// Makes a module `$name` with one `#[test]` for each case of the [conformance suite](crate), each on the
/// [`Backend`](crate::Backend) that `$backend` makes for it.
///
/// The expression is evaluated once per backend, inside an async block: it may `.await`. The line belongs where items
/// do, in a file of tests, and needs no dependency but this crate.
///
/// ```
/// use idem_core::store::memory::MemoryStore;
/// use idem_testing::Shared;
///
/// idem_testing::conformance!(memory, Shared::new(|clock| MemoryStore::builder().clock(clock).build()));
/// ```
#[macro_export]
macro_rules! conformance {
    ($name:ident, $backend:expr $(,)?) => {
        #[cfg(test)]
        #[allow(clippy::unused_async)]
        async fn $name() -> impl $crate::Backend {
            $backend
        }

        #[cfg(test)]
        mod $name {
            $crate::__conformance_cases!(__conformance_tests $name);
        }
    };
}

/// Hands the list of all cases to another macro of this crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_cases {
    ($then:ident $($context:tt)*) => {
        $crate::$then! { ($($context)*)
            claims {
                a_fresh_key_is_won
                a_running_key_is_in_flight
                a_done_key_replays
                another_fingerprint_is_a_mismatch
                a_mismatch_is_told_before_anything_else
                the_recipe_is_part_of_the_fingerprint
                an_expired_done_key_is_claimed_anew
                an_expired_released_key_is_claimed_anew
                a_released_key_is_claimed_again
                a_span_may_be_without_end
            }
            takeovers {
                a_live_lease_keeps_everyone_out
                a_lapsed_claim_is_taken_over
                the_record_decides_and_not_the_claimant
                the_newest_owner_decides
                a_renewed_lease_keeps_everyone_out
                another_request_never_takes_over
            }
            terms {
                survive_every_transition
                are_those_of_the_newest_claim
                say_how_long_a_swept_record_lives
                say_how_long_a_settled_record_lives
                say_how_long_a_freed_record_lives
                come_back_as_they_were
            }
            namespaces {
                are_listed_apart
                are_told_apart_to_the_last_byte
                take_no_place_in_pages_of_others
                are_counted_apart
                are_swept_apart
                are_settled_apart
                are_freed_apart
                are_forgotten_apart
                expire_together
            }
            repeats {
                a_claim
                a_claim_whose_lease_is_over
                a_take_over
                a_claim_after_a_release
                a_claim_that_was_taken_over_is_not_won_again
                a_claim_that_was_completed_replays
                a_claim_that_was_released_is_not_won_again
                a_claim_that_outlives_its_record_is_not_won_again
                a_completion
                a_release
                a_mark_as_unknown
                a_settlement
                a_forgetting
                a_forgetting_after_which_the_key_was_used
                a_renewal
            }
            fences {
                rise_with_every_claim
                rise_with_every_take_over
                rise_past_expiry
                rise_past_reaping
                rise_past_forgetting
                are_bound_to_their_address
            }
            nonces {
                the_nonce_guards_a_completion
                the_nonce_guards_a_release
                the_nonce_guards_a_mark_as_unknown
                the_nonce_guards_a_renewal
                the_nonce_guards_a_settlement
                the_nonce_guards_a_freeing
                the_nonce_guards_a_forgetting
                the_fence_guards_a_completion
                the_fence_guards_a_release
                the_fence_guards_a_mark_as_unknown
                the_fence_guards_a_renewal
                the_fence_guards_a_settlement
                the_fence_guards_a_freeing
                the_fence_guards_a_forgetting
                the_whole_nonce_counts
            }
            states {
                claim
                claim_with_another_fingerprint
                claim_with_the_same_nonce
                complete
                release
                mark_unknown
                renew
                settle_as_happened
                settle_as_not_happened
                free
                orders_about_what_has_moved
                forget
                sweep
                reap
            }
            renewals {
                a_renewal_pushes_the_lease_on
                a_renewal_never_shortens_a_lease
                a_late_renewal_still_counts
                a_claim_that_was_taken_over_is_lost
                a_claim_that_ended_is_lost
                mixed_owners_get_answers_in_order
            }
            unknown {
                a_lapsed_claim_becomes_unknown_when_claimed
                unknown_never_runs_and_never_expires
                a_late_completion_is_a_verdict
                a_late_release_is_a_verdict
                a_verdict_comes_before_a_late_release
                a_completion_after_a_freeing_sweep_is_refused
                a_verdict_that_it_happened_replays
                a_verdict_that_it_did_not_lets_the_key_run
                a_verdict_ends_only_what_it_is_about
                a_forgotten_key_is_fresh
                forgetting_refuses_a_running_key
            }
            lines {
                are_left_by_each_order
                stay_through_further_runs
                are_replaced_by_the_next_order
                go_with_their_record
                come_back_byte_for_byte
            }
            orders {
                what_has_moved_is_left_alone
                a_late_completion_is_not_forgotten
                another_order_is_no_repetition
                a_freeing_is_repeated
                a_verdict_about_an_earlier_run_is_late
                a_freed_owner_is_fenced_off
                a_renewed_claim_is_not_freed
                only_open_records_are_freed
                a_freed_record_runs_again_or_expires
            }
            sweeps {
                a_sweep_obeys_the_crash_policy
                a_sweep_leaves_all_else_alone
                a_sweep_waits_for_the_grace
                a_sweep_keeps_to_its_limit
                a_swept_record_expires_later
                records_of_every_kind_of_fingerprint_move_on
            }
            reap {
                only_expired_records_go
                records_of_every_kind_of_fingerprint_go
                nothing_else_ever_goes
                a_limit_is_kept
                a_big_limit_takes_all
            }
            replies {
                come_back_byte_for_byte
                come_back_from_a_batch
                come_back_from_a_verdict
                are_told_to_a_loser
                may_be_large
                beyond_a_bound_are_kept_or_refused_for_good
            }
            records {
                keep_what_was_claimed
                keep_their_age_over_attempts
                keep_odd_labels_and_hints
                begin_anew_after_expiry
                know_their_lease_and_expiry
            }
            listing {
                lists_one_state_by_address
                pages_meet_every_record_once
                counts_each_state
            }
            watched {
                a_tally_counts_what_waits
                a_tally_is_of_its_namespace
                a_tally_tells_the_oldest_unknown
                a_tally_tells_the_clock_of_its_store
                a_take_over_is_told
                no_other_claim_is_a_take_over
            }
            batches {
                claims_answer_in_order
                completions_answer_in_order
                releases_answer_in_order
                marks_as_unknown_answer_in_order
                agree_with_single_operations
                can_be_repeated
                may_be_empty
                may_be_large
            }
            races {
                one_of_many_claims_is_won
                one_of_many_take_overs_is_won
                one_of_many_claims_of_a_released_key_is_won
                one_of_many_claims_of_an_expired_key_is_won
                a_stale_owner_never_completes
                a_late_owner_or_a_new_one_but_not_both
                one_of_two_ends_counts
                reaping_never_takes_a_new_claim
                crossing_batches_end
            }
            order_races {
                a_verdict_or_a_late_owner_but_not_both
                a_freeing_or_its_owner_but_not_both
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    (($name:ident) $($theme:ident { $($case:ident)* })*) => {
        $(
            mod $theme {
                $(
                    #[test]
                    fn $case() {
                        $crate::run(super::super::$name, $crate::conformance::$theme::$case);
                    }
                )*
            }
        )*

        mod histories {
            #[test]
            fn agree_with_the_protocol() {
                $crate::run_histories(super::super::$name, $crate::Histories::from_env());
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_survey {
    (($try_case:ident $fresh:ident) $($theme:ident { $($case:ident)* })*) => {
        $($(
            $try_case(concat!(stringify!($theme), "::", stringify!($case)), &mut || {
                $crate::run($fresh, $crate::conformance::$theme::$case);
            });
        )*)*
    };
}
