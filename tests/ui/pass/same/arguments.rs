//! Arguments that are used, unused or left early: the body owns each of them, and drops them from the last to the
//! first.

#![allow(unused_assignments, unused_mut, unused_variables)]

use super::rows::prelude::*;

same! {
    arguments_are_dropped_from_the_last_to_the_first(first: Seen, second: Seen, third: Seen) {
        note(first.name() + &second.name() + &third.name());
        done()
    } => do_all("abc done c b a");

    unused_arguments_live_until_the_body_ends(first: Seen, _second: Seen, mut third: Seen) {
        done()
    } => do_all("done c b a");

    a_wildcard_lives_until_the_body_ends(_: Seen, second: Seen, _: Seen) {
        done()
    } => do_all("done c b a");

    no_arguments_are_none() {
        done()
    } => do_all("done");

    locals_are_dropped_before_arguments(first: Seen, second: Seen) {
        let x = Seen::named("x");
        let y = Seen::named("y");
        done()
    } => do_all("done y x b a");

    an_argument_that_moves_on_is_dropped_there(first: Seen, second: Seen, third: Seen) {
        let x = Seen::named("x");
        drop(second);
        let moved = first;
        done()
    } => do_all("b done a x c");

    an_argument_that_may_move_is_dropped_once(first: Seen, second: Seen) {
        if second.name() == "b" {
            drop(first);
        }
        done()
    } => do_all("a done b");

    an_argument_that_is_changed_is_the_bodys(mut first: Seen, mut second: Seen) {
        first.rename("one");
        second = Seen::named("two");
        done()
    } => do_all("b done two one");

    an_argument_that_is_shadowed_lives_on(first: Seen, second: Seen) {
        let first = Seen::named("x");
        let second = second.name();
        done()
    } => do_all("done x b a");

    an_argument_that_a_closure_takes_goes_with_it(first: Seen, second: Seen) {
        let x = Seen::named("x");
        let take = move || first.name();
        note(take());
        done()
    } => do_all("a done a x b");

    a_block_of_the_body_that_takes_an_argument_drops_it(first: Seen, second: Seen) {
        let x = Seen::named("x");
        async move { note(first.name()) }.await;
        done()
    } => do_all("a a done x b");
}
