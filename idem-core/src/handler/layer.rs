//! The layer: hands the engine down, and listens to the body.

use std::sync::Arc;
use std::task;

use axum_core::body::Body;
use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use super::captured::{Handle, Unwatched, is_safe};
use super::head::content_coding;
use super::request_body::{HashedBody, RequestBodyHasher};
use crate::engine::EngineHandle;
use crate::idem::Idem;

/// Made by [`Idem::layer`](crate::Idem::layer).
#[derive(Clone)]
pub struct IdemLayer {
    engine: EngineHandle,
}

crate::debug::structure!(IdemLayer: engine);

impl IdemLayer {
    pub(super) fn new(engine: EngineHandle) -> Self {
        Self { engine }
    }
}

impl<S> Layer<S> for IdemLayer {
    type Service = IdemService<S>;

    fn layer(&self, inner: S) -> IdemService<S> {
        IdemService { inner, engine: self.engine.clone() }
    }
}

/// An [`Idem`] is its own layer, so that `.layer(idem)` is `.layer(idem.layer())`.
impl<S: ?Sized, I> Layer<I> for Idem<S> {
    type Service = IdemService<I>;

    fn layer(&self, inner: I) -> IdemService<I> {
        IdemService { inner, engine: self.engine.clone() }
    }
}

/// What [`IdemLayer`] makes of a service.
#[derive(Clone)]
pub struct IdemService<S> {
    inner: S,
    engine: EngineHandle,
}

crate::debug::structure!([S] IdemService<S>: engine);

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
        let hasher = Arc::new(RequestBodyHasher::new(content_coding(request.headers())));
        let handle = Handle { engine: Arc::clone(&self.engine), hasher: Arc::clone(&hasher) };
        let mut request = request.map(|body| Body::new(HashedBody::new(body, hasher)));
        request.extensions_mut().insert(handle);
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::to_bytes;
    use axum::routing::post;
    use tower::ServiceExt;

    use super::super::captured::RequestView;
    use super::super::context::Context;
    use super::*;
    use crate::scope::Scope;
    use crate::store::memory::MemoryStore;

    async fn sees(Context(seen): Context) -> &'static str {
        if matches!(seen, RequestView::Request(_)) { "a layer" } else { "no layer" }
    }

    #[tokio::test]
    async fn an_idem_is_its_own_layer() {
        let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build();
        let router = Router::new().route("/", post(sees));
        for (router, seen) in [
            (router.clone().layer(idem.clone()), "a layer"),
            (router.clone().layer(idem.erase()), "a layer"),
            (router.clone().layer(idem.layer()), "a layer"),
            (router, "no layer"),
        ] {
            let response = router.oneshot(Request::post("/").body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(to_bytes(response.into_body(), 100).await.unwrap(), seen);
        }
    }
}
