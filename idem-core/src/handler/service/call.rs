//! One protected request.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use axum_core::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};

use super::grpc;
use super::route::Route;
use crate::engine::{Config, Engine};
use crate::handler::captured::{Captured, Handle, KeyHeader, RequestView};
use crate::handler::head::content_coding;
use crate::handler::op::AxumOperation;
use crate::handler::request_body::RequestBodyHasher;
use crate::handler::response_body::{Limits, whole};
use crate::handler::{Marked, NotRun, Refusal, Unwanted, not_run};
use crate::observe;
use crate::outcome::ErrorClass;
use crate::refused::Refused;
use crate::response::Profile;

/// Stands for the answer of a service that returned an error.
#[derive(Debug, Clone, Copy)]
struct Failed;

/// Runs `call` once for each key, or gives the answer that is known.
///
/// # Errors
/// Those of the service.
pub(super) async fn protected<E, F>(
    engine: Arc<Engine>,
    route: Route,
    parts: Parts,
    body: Body,
    call: impl FnOnce(Request<Body>) -> F + Send + 'static,
) -> Result<Response<Body>, E>
where
    E: Send + 'static,
    F: Future<Output = Result<Response<Body>, E>> + Send + 'static,
{
    let speaks_grpc = grpc::is_grpc(&parts.headers);
    let hasher = Arc::new(RequestBodyHasher::new(content_coding(&parts.headers)));
    let handle = Handle { engine: Arc::clone(&engine), hasher: Arc::clone(&hasher) };
    let mut captured = Captured::new(handle, &parts, !route.spec.fingerprint_headers.is_empty());
    captured.method_counts = true;
    let profile = engine.config.profile;
    let refuse = |refused: Refused| {
        observe::refused(route.spec.name, refused.code());
        Ok(in_its_language(not_run(&refused, profile), speaks_grpc))
    };
    if route.key.is_none() && matches!(captured.key, KeyHeader::None) {
        if !route.spec.optional {
            return refuse(Refused::KeyMissing);
        }
        // Without a key nothing of the body counts: it stays as it is.
        observe::unprotected(route.spec.name);
        return call(Request::from_parts(parts, body)).await;
    }
    let (bytes, body) = match read(body, &engine.config).await {
        Ok(read) => read,
        Err(refused) => return refuse(refused),
    };
    hasher.hear_whole(&bytes);
    let operation = AxumOperation::new(RequestView::Request(Box::new(captured)), route.spec);
    // The user's code, which may trip over what a caller sends.
    let said = catch_unwind(AssertUnwindSafe(|| with_values(operation, &route, &parts, &bytes)));
    let Ok(operation) = said else {
        return refuse(Refused::Misconfigured("a closure of its route panicked"));
    };
    drop(bytes);
    let error = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&error);
    let limits = Limits::of(&engine.config);
    let response = operation
        .drive(Box::pin(async move {
            match call(Request::from_parts(parts, body)).await {
                Ok(response) if speaks_grpc => grpc::classed(marked(response), limits).await,
                Ok(response) => marked(response),
                Err(failed) => {
                    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(failed);
                    let mut response = Response::new(Body::empty());
                    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                    response.extensions_mut().insert(Failed);
                    // There is nothing to store: `on_error = store` frees the key as well.
                    response.extensions_mut().insert(Unwanted);
                    response
                }
            }
        }))
        .await;
    if response.extensions().get::<Failed>().is_some()
        && let Some(error) = error.lock().unwrap_or_else(PoisonError::into_inner).take()
    {
        return Err(error);
    }
    Ok(in_its_language(response, speaks_grpc))
}

/// The answer to a request that no route was chosen for.
pub(super) fn refusal(refused: &Refused, profile: Profile, parts: &Parts) -> Response<Body> {
    observe::refused(None, refused.code());
    in_its_language(not_run(refused, profile), grpc::is_grpc(&parts.headers))
}

/// Key, scope and fingerprint, where the route computes them.
fn with_values(mut operation: AxumOperation, route: &Route, parts: &Parts, bytes: &Bytes) -> AxumOperation {
    if let Some(key) = &route.key {
        operation = operation.key_bytes(key(parts, bytes));
    }
    if let Some(scope) = &route.scope {
        operation = operation.scope_bytes(scope(parts, bytes));
    }
    if let Some(fingerprint) = &route.fingerprint {
        operation = operation.fingerprinted(fingerprint(parts, bytes));
    }
    operation
}

/// A refusal of an idem further in is not this operation's answer: the record further in decides. Where that idem has not
/// run its handler, or has undone all of it, nothing happened. Any other refusal is not stored.
fn marked(mut response: Response<Body>) -> Response<Body> {
    let not_run = response.extensions_mut().remove::<NotRun>().is_some();
    match response.extensions().get::<Refusal>().map(|refusal| &refusal.0) {
        Some(
            Refused::TransactionConflict { .. } | Refused::TransactionAborted | Refused::HandlerPanicked,
        ) => {
            response.extensions_mut().insert(Marked(ErrorClass::NoEffect));
        }
        _ if not_run => {
            response.extensions_mut().insert(Marked(ErrorClass::NoEffect));
        }
        Some(_) => {
            response.extensions_mut().insert(Unwanted);
        }
        None => {}
    }
    response
}

/// The bytes of a body, and one that says the same, trailers included.
async fn read(body: Body, config: &Config) -> Result<(Bytes, Body), Refused> {
    let limit = config.max_request_bytes;
    let limited = Limited::new(body, usize::try_from(limit).unwrap_or(usize::MAX));
    let collected = limited.collect().await.map_err(|error| {
        let too_large = error.is::<http_body_util::LengthLimitError>();
        if too_large { Refused::BodyTooLarge { limit } } else { Refused::BodyUnreadable }
    })?;
    let trailers = collected.trailers().cloned();
    let bytes = collected.to_bytes();
    Ok((bytes.clone(), whole(bytes, trailers)))
}

fn in_its_language(response: Response<Body>, speaks_grpc: bool) -> Response<Body> {
    match response.extensions().get::<Refusal>() {
        Some(Refusal(refused)) if speaks_grpc => grpc::refusal(refused, response.status()),
        _ => response,
    }
}
