//! The layer: hands the engine down, and listens to the body.

use std::sync::Arc;
use std::task;

use axum::body::Body;
use axum::http::{Method, Request};
use tower_layer::Layer;
use tower_service::Service;

use super::head::content_coding;
use super::tap::{Tap, TapBody};
use crate::engine::Engine;

/// Made by [`Idem::layer`](crate::Idem::layer).
#[derive(Debug, Clone)]
pub struct IdemLayer {
    engine: Arc<Engine>,
}

impl IdemLayer {
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }
}

impl<S> Layer<S> for IdemLayer {
    type Service = IdemService<S>;

    fn layer(&self, inner: S) -> IdemService<S> {
        IdemService { inner, engine: Arc::clone(&self.engine) }
    }
}

/// What [`IdemLayer`] makes of a service.
#[derive(Debug, Clone)]
pub struct IdemService<S> {
    inner: S,
    engine: Arc<Engine>,
}

/// What the layer hands to the handler, in the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    pub(super) engine: Arc<Engine>,
    pub(super) tap: Arc<Tap>,
}

/// The same for a request that needs no key: a handler may want a transaction all the same.
#[derive(Debug, Clone)]
pub(super) struct Unwatched(pub(super) Arc<Engine>);

impl<S: Service<Request<Body>>> Service<Request<Body>> for IdemService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> task::Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> S::Future {
        if is_safe(request.method()) {
            request.extensions_mut().insert(Unwatched(Arc::clone(&self.engine)));
            return self.inner.call(request);
        }
        let tap = Arc::new(Tap::new(content_coding(request.headers())));
        let handle = Handle { engine: Arc::clone(&self.engine), tap: Arc::clone(&tap) };
        let mut request = request.map(|body| Body::new(TapBody::new(body, tap)));
        request.extensions_mut().insert(handle);
        self.inner.call(request)
    }
}

/// Methods that change nothing need no key (RFC 9110 §9.2.1); a CORS preflight cannot even carry one.
pub(super) fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE].contains(method)
}
