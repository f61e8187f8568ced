//! The numbers of any HTTP service under idem's layer, without the attribute.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Scope};

use super::recorded::{CALLS, of, recorded};
use crate::support::{ask, json_post};

#[test]
fn calls_of_a_service_are_counted_by_how_they_ended() {
    use idem_core::service::{Protection, Route};

    let lines = recorded(async {
        let idem = Idem::builder(MemoryStore::new()).scope(Scope::header("x-account")).build();
        let app = Router::new()
            .route("/well", post(async || StatusCode::CREATED))
            .route("/panics", post(async || StatusCode::CREATED))
            .route("/optional", post(async || StatusCode::CREATED))
            .layer(idem.service_layer(|parts| match parts.uri.path() {
                "/panics" => panic!("the closure panicked"),
                "/optional" => Protection::Keyed(Route::new().name("optional-service").optional()),
                _ => Protection::Keyed(Route::new().name("service")),
            }));
        for _ in 0..3 {
            assert_eq!(ask(&app, json_post("/well", "a", "7")).await.status(), 201);
        }
        let keyless = |path: &str| {
            let mut request = json_post(path, "", "7");
            request.headers_mut().remove("idempotency-key");
            request
        };
        assert_eq!(ask(&app, keyless("/well")).await.status(), 400);
        for _ in 0..2 {
            assert_eq!(ask(&app, keyless("/optional")).await.status(), 201);
        }
        assert_eq!(ask(&app, json_post("/panics", "a", "7")).await.status(), 500);
    });
    let counted = [
        "idem_attempts_total operation=service repeated=false: 1",
        "idem_operations_total operation=optional-service outcome=unprotected: 2",
        "idem_operations_total operation=other outcome=refused: 1",
        "idem_operations_total operation=service outcome=completed: 1",
        "idem_operations_total operation=service outcome=refused: 1",
        "idem_operations_total operation=service outcome=replayed: 2",
        "idem_refusals_total code=idempotency-key-missing operation=service: 1",
        "idem_refusals_total code=misconfigured operation=other: 1",
        "idem_wait_seconds operation=service: 3 values",
    ];
    assert_eq!(of(&lines, &CALLS), counted);
}
