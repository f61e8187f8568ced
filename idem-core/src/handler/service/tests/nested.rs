//! A service that has another idem in it.

use std::time::Duration;

use super::*;
use crate::UnavailableResult;
use crate::handler::problem;
use crate::response::Profile;

/// Another idem further in says "not now": the outer one must not make that the operation's answer.
#[tokio::test]
async fn the_refusal_of_an_idem_further_in_is_passed_on_and_not_stored() {
    let (runs, service) = counting();
    let inner_idem = idem();
    let inner = inner_idem.service_layer(|_| Protection::Keyed(Route::new())).layer(service);
    let outer = idem().service_layer(|_| Protection::Keyed(Route::new())).layer(inner.clone());
    // The inner key is bound to another request.
    assert_eq!(text(inner.oneshot(post("/pay", "k", "other")).await.unwrap()).await, "run 1 of other");
    for _ in 0..2 {
        let refused = outer.clone().oneshot(post("/pay", "k", "7")).await.unwrap();
        assert_eq!(code(&refused), "idempotency-key-reused");
        assert!(!refused.headers().contains_key("idempotent-replayed"));
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// What the inner idem undid, or has in its own record, is never the outer operation's answer.
#[tokio::test]
async fn no_refusal_of_an_idem_further_in_is_ever_stored() {
    let undone = [
        Refused::TransactionConflict { retry_after: Duration::from_secs(1) },
        Refused::TransactionAborted,
        Refused::HandlerPanicked,
    ];
    let in_its_record = [
        Refused::OutcomeUnknown,
        Refused::PanickedUnknown,
        Refused::OutcomeUndecided { retry_after: Duration::from_secs(1) },
        Refused::ResultUnavailable(UnavailableResult::TooLarge),
        Refused::InProgress { retry_after: Duration::from_secs(1) },
    ];
    for on_error in [OnError::Release, OnError::Store, OnError::Unknown] {
        for refused in undone.iter().chain(&in_its_record) {
            let runs = Arc::new(AtomicUsize::new(0));
            let (counted, said) = (Arc::clone(&runs), refused.clone());
            let service = service_fn(move |_: Request<Body>| {
                counted.fetch_add(1, Ordering::SeqCst);
                let response = problem(&said, Profile::default());
                async move { Ok::<_, Infallible>(response) }
            });
            let outer = idem()
                .service_layer(move |_| Protection::Keyed(Route::new().on_error(on_error)))
                .layer(service);
            let first = outer.clone().oneshot(post("/pay", "k", "7")).await.unwrap();
            assert_eq!(code(&first), refused.code());
            let again = outer.oneshot(post("/pay", "k", "7")).await.unwrap();
            let case = format!("{} under {on_error:?}", refused.code());
            assert!(!again.headers().contains_key("idempotent-replayed"), "{case}");
            // A failure whose effects are not known is unknown outside as well, where the route says so.
            let may_be_unknown = on_error == OnError::Unknown && !undone.contains(refused);
            let ran_again = runs.load(Ordering::SeqCst) == 2;
            assert!(ran_again || (may_be_unknown && code(&again) == "outcome-unknown"), "{case}");
        }
    }
}
