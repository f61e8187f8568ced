//! Temporaries of the last expression. Since the edition 2024 they are dropped before the locals, and until then after
//! them; before the arguments in both. The edition is that of the function, not that of idem's crates.

#![allow(unused_variables, clippy::all)]
// The bare functions trip them as well, in the edition 2021.
#![allow(if_let_rescope, tail_expr_drop_order)]

use super::rows::prelude::*;

/// An expression with a temporary that a macro makes.
macro_rules! guarded {
    ($name:literal) => {
        Ok(Seen::named($name).name())
    };
}

same! {
    a_guard_in_the_last_expression_goes_before_the_arguments(first: Seen, _: Seen) {
        Ok(Seen::named("guard").name())
    } => do_all("guard b a");

    a_guard_in_the_last_expression_goes_with_the_locals(first: Seen, _: Seen) {
        let x = Seen::named("x");
        Ok(Seen::named("guard").name())
    } => do_by_edition("x guard b a", "guard x b a");

    several_guards_go_from_the_last_to_the_first(first: Seen, Locked(value, ..): Locked) {
        let x = Seen::named("x");
        Ok(Seen::named("one").name() + &Seen::named("two").name())
    } => do_by_edition("x two one b c a", "two one x b c a");

    a_guard_that_a_match_looks_at_lives_through_it(first: Seen) {
        let x = Seen::named("x");
        match Seen::named("guard").some() {
            Some(_) => done(),
            None => Err(Refused::KeyExpired),
        }
    } => do_by_edition("done x guard a", "done guard x a");

    a_guard_of_an_if_let_does_not_reach_its_else(first: Seen) {
        let x = Seen::named("x");
        if let Some(_) = Seen::named("guard").none() {
            Err(Refused::KeyExpired)
        } else {
            done()
        }
    } => do_by_edition("done x guard a", "guard done x a");

    a_guard_in_a_block_of_the_last_expression(first: Seen) {
        let x = Seen::named("x");
        {
            let y = Seen::named("y");
            Ok(Seen::named("guard").name())
        }
    } => do_by_edition("y x guard a", "guard y x a");

    a_guard_that_is_returned_early_goes_before_the_locals(first: Seen) {
        let x = Seen::named("x");
        return Ok(Seen::named("guard").name());
    } => do_all("guard x a");

    a_guard_across_an_await_in_the_last_expression(first: Seen, _: Seen) {
        let x = Seen::named("x");
        Ok((Seen::named("guard"), gate().await).0.name())
    } => do_by_edition("waits on x guard b a", "waits on guard x b a");

    a_macro_as_the_last_expression_follows_the_rule(first: Seen) {
        let x = Seen::named("x");
        guarded!("guard")
    } => do_by_edition("x guard a", "guard x a");

    a_last_expression_that_borrows_an_argument(first: Seen, second: Seen) {
        let x = Seen::named("x");
        Ok((Seen::named("guard"), &first).1.name())
    } => do_by_edition("x guard b a", "guard x b a");
}
