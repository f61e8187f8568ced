//! Handlers that return no `Result`.

#![allow(unused_variables, clippy::all)]

use std::convert::Infallible;

use axum::response::IntoResponse;

use super::rows::prelude::*;

/// Statements that a macro makes.
macro_rules! statements {
    ($name:ident) => {
        let _local = Seen::named(stringify!($name));
    };
}

macro_rules! same_handler {
    ($(
        $(#[$attribute:meta])*
        $name:ident($($argument:tt)*) $(-> $output:ty)?, $body:tt => $check:ident($($expected:tt)*);
    )*) => {$(
        $(#[$attribute])*
        #[tokio::test]
        async fn $name() {
            mod bare {
                use super::*;
                pub async fn same($($argument)*) $(-> $output)? $body
            }
            mod handler {
                use super::*;
                #[idempotent]
                pub async fn same($($argument)*) $(-> $output)? $body
            }
            mod coupled_handler {
                use super::*;
                #[idempotent]
                pub async fn same(#[tx] _: &mut SqliteTx<'_>, $($argument)*) $(-> $output)? $body
            }
            let shop = Shop::new().await;
            let forms = [
                routed("bare", false, Router::new().route("/", post(bare::same))),
                routed("handler", true, serve(Router::new().route("/", post(handler::same)))),
                routed("handler with #[tx]", true, shop.serve(Router::new().route("/", post(coupled_handler::same)))),
            ];
            Forms(forms.into()).$check($($expected)*).await;
        }
    )*};
}

same_handler! {
    an_empty_body_drops_its_arguments(first: Seen, Locked(value, ..): Locked, _: Seen), {
    } => do_all("d b c a");

    a_body_that_ends_with_a_statement_is_unit(first: Seen) -> (), {
        let x = Seen::named("x");
        note("done");
    } => do_all("done x a");

    a_body_of_unit_may_end_early(first: Seen, _: Seen), {
        let x = Seen::named("x");
        if first.name() == "a" {
            return;
        }
        note("not here");
    } => do_all("x b a");

    a_unit_macro_may_be_the_last_statement(first: Seen, _: Seen), {
        let x = Seen::named("x");
        statements! { y }
    } => do_all("y x b a");

    #[allow(tail_expr_drop_order)]
    a_guard_in_a_last_expression_of_unit(first: Seen, _: Seen), {
        let x = Seen::named("x");
        note(Seen::named("guard").name())
    } => do_by_edition("guard x guard b a", "guard guard x b a");

    a_hidden_output_is_made_before_the_arguments_go(first: Seen, _: Seen) -> impl IntoResponse, {
        let x = Seen::named("x");
        first.name() + &x.name()
    } => do_all("x b a");

    a_body_without_a_value_panics(first: Seen, _: Seen) -> Infallible, {
        panic!("oh")
    } => panic_all("b a");

    a_body_without_a_value_may_loop(first: Seen, Locked(value, ..): Locked) -> Infallible, {
        loop {
            let x = Seen::named("x");
            gate().await;
            panic!("oh");
        }
    } => leave_all("waits x b c a left", "waits left on x b c a");
}
