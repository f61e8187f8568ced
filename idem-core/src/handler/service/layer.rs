//! The layer, and the service that it makes.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task;

use axum_core::BoxError;
use axum_core::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body as HttpBody;
use tower_layer::Layer;
use tower_service::Service;

use super::call::{protected, refusal};
use super::route::Protection;
use crate::engine::EngineHandle;
use crate::handler::captured::is_safe;
use crate::idem::Idem;
use crate::refused::Refused;

type Choose = Arc<dyn Fn(&Parts) -> Protection + Send + Sync>;

impl<S: ?Sized> Idem<S> {
    /// A layer that makes an HTTP service idempotent. `choose` says for each request, by its head, whether it is
    /// protected, and how. A safe method (GET, HEAD, OPTIONS, TRACE) changes nothing and passes unasked.
    #[must_use]
    pub fn service_layer(
        &self,
        choose: impl Fn(&Parts) -> Protection + Send + Sync + 'static,
    ) -> ServiceLayer {
        ServiceLayer { engine: self.engine.clone(), choose: Arc::new(choose) }
    }
}

/// Made by [`Idem::service_layer`](crate::Idem::service_layer).
#[derive(Clone)]
pub struct ServiceLayer {
    engine: EngineHandle,
    choose: Choose,
}

impl fmt::Debug for ServiceLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceLayer").field("engine", &self.engine).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for ServiceLayer {
    type Service = IdempotentService<S>;

    fn layer(&self, inner: S) -> IdempotentService<S> {
        IdempotentService { inner, layer: self.clone() }
    }
}

/// What [`ServiceLayer`] makes of a service.
#[derive(Clone)]
pub struct IdempotentService<S> {
    inner: S,
    layer: ServiceLayer,
}

impl<S> fmt::Debug for IdempotentService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotentService").field("layer", &self.layer).finish_non_exhaustive()
    }
}

impl<S, B, R> Service<Request<B>> for IdempotentService<S>
where
    S: Service<Request<Body>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> task::Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let body = Body::new(body);
        let chosen = if is_safe(&parts.method) {
            Ok(Protection::None)
        } else {
            // The user's code, which may trip over what a caller sends.
            catch_unwind(AssertUnwindSafe(|| (self.layer.choose)(&parts)))
        };
        match chosen {
            Err(_) => {
                let refused = Refused::Misconfigured("the closure that chooses its route panicked");
                let profile = self.layer.engine.config.profile;
                Box::pin(async move { Ok(refusal(&refused, profile, &parts)) })
            }
            Ok(Protection::None) => {
                let answer = self.inner.call(Request::from_parts(parts, body));
                Box::pin(async move { Ok(answer.await?.map(Body::new)) })
            }
            Ok(Protection::Keyed(route)) => {
                // The one that was ready is called; its clone waits for the next request.
                let clone = self.inner.clone();
                let mut ready = std::mem::replace(&mut self.inner, clone);
                let engine = Arc::clone(&self.layer.engine);
                Box::pin(protected(engine, route, parts, body, move |request| {
                    let answer = ready.call(request);
                    // The service itself lives as long as its answer is awaited.
                    async move {
                        let answer = answer.await.map(|response| response.map(Body::new));
                        drop(ready);
                        answer
                    }
                }))
            }
        }
    }
}
