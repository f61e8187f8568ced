//! What middleware has set for a request holds in its handler: spans and task-locals.

use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::post;
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Scope, idempotent};
use tokio::sync::Notify;
use tracing::Instrument as _;
use tracing_subscriber::Registry;
use tracing_subscriber::registry::LookupSpan;

use crate::support::{ask, json_post};

tokio::task_local! {
    static TENANT: &'static str;
}

#[derive(Debug, Clone, Default)]
struct Gate {
    entered: Arc<Notify>,
    opened: Arc<Notify>,
}

/// Tells the span and the tenant that it finds after it has waited.
#[idempotent]
async fn tells(State(gate): State<Gate>) -> String {
    gate.entered.notify_one();
    gate.opened.notified().await;
    let tenant = TENANT.try_with(|tenant| *tenant).unwrap_or("no tenant");
    format!("{}, {tenant}", spans())
}

/// The names of the spans around, from outside inwards.
fn spans() -> String {
    let current = tracing::Span::current().id();
    tracing::dispatcher::get_default(|dispatch| {
        let registry = dispatch.downcast_ref::<Registry>().expect("a registry");
        let current = current.as_ref().and_then(|id| registry.span(id));
        let scope = current.iter().flat_map(|span| span.scope().from_root());
        scope.map(|span| span.name()).collect::<Vec<_>>().join(" > ")
    })
}

async fn as_acme(request: Request, next: Next) -> Response {
    TENANT.scope("acme", next.run(request).instrument(tracing::info_span!("request"))).await
}

fn app(gate: &Gate) -> Router {
    let idem = Idem::builder(MemoryStore::new()).scope(Scope::header("x-account")).build();
    Router::new().route("/", post(tells)).layer(idem.layer()).layer(from_fn(as_acme)).with_state(gate.clone())
}

fn subscriber() -> tracing::subscriber::DefaultGuard {
    tracing::subscriber::set_default(tracing_subscriber::fmt().with_writer(std::io::sink).finish())
}

#[tokio::test]
async fn a_handler_has_the_span_and_the_task_locals_of_its_caller() {
    let _guard = subscriber();
    let gate = Gate::default();
    gate.opened.notify_one();
    assert_eq!(ask(&app(&gate), json_post("/", "k", "")).await.body(), "request > idem.operation, acme");
}

#[tokio::test]
async fn a_handler_whose_caller_has_left_keeps_the_span() {
    let _guard = subscriber();
    let gate = Gate::default();
    let app = app(&gate);
    {
        let mut dropped = pin!(ask(&app, json_post("/", "k", "")));
        tokio::select! {
            _ = &mut dropped => panic!("it waits at the gate"),
            () = gate.entered.notified() => {}
        }
    }
    gate.opened.notify_one();
    let again = loop {
        let reply = ask(&app, json_post("/", "k", "")).await;
        if reply.status() == StatusCode::OK {
            break reply;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(again.body(), "request > idem.operation, no tenant");
}
