//! A body that may run again works on copies, and the originals live until no other run can come: here the rows differ.

#![allow(unused_variables, clippy::all)]

use super::rows::prelude::*;

mod bare {
    use super::*;

    pub async fn same(Locked(value, ..): Locked, last: Seen) -> Result<String, Refused> {
        let x = Seen::named("x");
        gate().await;
        done()
    }
}

#[idempotent(tx_retries = 1)]
async fn handler(
    #[tx] _: &mut SqliteTx<'_>,
    Locked(value, ..): Locked,
    last: Seen,
) -> Result<String, Refused> {
    let x = Seen::named("x");
    gate().await;
    done()
}

#[idempotent(with = coupled(), key = fresh(), name = "same", tx_retries = 1)]
async fn function(
    #[tx] _: &mut SqliteTx<'_>,
    Locked(value, ..): Locked,
    last: Seen,
) -> Result<String, Refused> {
    let x = Seen::named("x");
    gate().await;
    done()
}

/// The copies go in the order of the arguments. The originals go when no other run can come, in an order that nothing
/// says.
#[tokio::test]
async fn copies_are_dropped_as_the_arguments_would_have_been() {
    let shop = Shop::new().await;
    couple(&shop.idem);
    let bare = called("bare", false, bare::same).trace().await;
    assert_eq!(bare, ["waits", "on", "done", "x", "c", "a", "b"]);
    let router = Router::new().route("/", post(handler));
    for form in [routed("handler", true, shop.serve(router)), called("function", false, function)] {
        let mut trace = form.trace().await;
        trace[7..].sort();
        let copies = ["waits", "on", "done", "x", "c'", "a'", "b'", "a", "b", "c"];
        assert_eq!((form.name, trace.as_slice()), (form.name, copies.map(str::to_owned).as_slice()));
    }
}

/// What a handler's caller leaves behind is the copies and the originals.
#[tokio::test]
async fn copies_and_originals_outlive_the_caller_of_a_handler() {
    let shop = Shop::new().await;
    let router = Router::new().route("/", post(handler));
    let events = routed("handler", true, shop.serve(router)).leave().await;
    assert!(events.starts_with("waits left on done x c' a' b' "), "{events}");
}

/// A function that runs inside its caller drops both at once, the copies first.
#[tokio::test]
async fn copies_and_originals_go_with_the_caller_of_a_function() {
    let shop = Shop::new().await;
    couple(&shop.idem);
    let events = called("function", false, function).leave().await;
    assert!(events.starts_with("waits x c' a' b' ") && events.ends_with(" left"), "{events}");
}
