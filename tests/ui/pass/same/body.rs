//! What the body does on its way: early ends, and what it binds to nothing.

#![allow(unused_variables, unused_must_use, unreachable_code, clippy::all)]

use super::rows::prelude::*;

/// An expression that a macro makes.
macro_rules! last {
    ($local:ident) => {{
        note($local.name());
        done()
    }};
}

/// Statements that a macro makes.
macro_rules! statements {
    ($name:ident) => {{
        let _local = Seen::named(stringify!($name));
    }};
}

same! {
    let_underscore_drops_a_value_at_once(first: Seen) {
        let _ = Seen::named("x");
        let _y = Seen::named("y");
        done()
    } => do_all("x done y a");

    let_underscore_leaves_an_argument(first: Seen, second: Seen) {
        let _ = first;
        let _ = (second, Seen::named("x"));
        done()
    } => do_all("b x done a");

    let_underscore_leaves_a_part(pair: Pair, last: Seen) {
        let Pair { left, right: _ } = pair;
        done()
    } => do_all("done a c b");

    a_statement_drops_its_temporaries(first: Seen) {
        note(Seen::named("x").name() + &Seen::named("y").name());
        done()
    } => do_all("xy y x done a");

    an_early_return_drops_what_is_there(first: Seen, Locked(value, ..): Locked) {
        let x = Seen::named("x");
        if first.name() == "a" {
            let y = Seen::named("y");
            return Ok("early".to_owned());
        }
        let z = Seen::named("z");
        done()
    } => do_all("y x b c a");

    a_return_as_the_last_expression_ends_the_body(first: Seen, _: Seen) {
        let x = Seen::named("x");
        return done();
    } => do_all("done x b a");

    a_return_from_a_loop_drops_what_is_there(first: Seen, (left, _): (Seen, Seen)) {
        let x = Seen::named("x");
        loop {
            let y = Seen::named("y");
            return done();
        }
    } => do_all("done y x b c a");

    a_question_mark_drops_what_is_there(first: Seen, Pair { right, .. }: Pair) {
        let x = Seen::named("x");
        let failed = Seen::named("y").fails()?;
        done()
    } => do_all("y x c b a");

    an_error_as_the_last_expression_drops_what_is_there(first: Seen, _: Seen) {
        let x = Seen::named("x");
        Err(Refused::KeyExpired)
    } => do_all("x b a");

    a_labelled_block_can_be_left(first: Seen) {
        let x = Seen::named("x");
        let found = 'search: {
            let y = Seen::named("y");
            break 'search y.name();
        };
        note(found);
        done()
    } => do_all("y y done x a");

    what_is_alive_across_an_await_is_dropped_in_its_place(first: Seen, _: Seen) {
        let x = Seen::named("x");
        gate().await;
        let y = Seen::named("y");
        done()
    } => do_all("waits on done y x b a");

    a_macro_as_the_last_statement_is_the_value(first: Seen, _: Seen) {
        let x = Seen::named("x");
        last!(x)
    } => do_all("x done x b a");

    a_macro_in_braces_as_the_last_statement_is_the_value(first: Seen, _: Seen) {
        let x = Seen::named("x");
        last! { x }
    } => do_all("x done x b a");

    a_macro_with_statements_keeps_its_own_locals(first: Seen) {
        statements! { y }
        let x = Seen::named("x");
        statements![z];
        done()
    } => do_all("y z done x a");

    inner_attributes_and_items_are_part_of_the_body(first: Seen) {
        #![allow(non_snake_case)]
        const NAME: &str = "x";
        let X = Seen::named(NAME);
        fn named() -> Seen {
            Seen::named("y")
        }
        let y = named();
        done()
    } => do_all("done y x a");
}
