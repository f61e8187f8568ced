//! The same routes without the attribute: idem is a layer in front of the service.

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{RequestExt, Router};
use idem_core::fingerprint::CanonicalJson;
use idem_core::service::{Protection, Route};
use idem_core::{Fingerprint, Idem};

use super::{bodies, headers, pay, shapes, status, timed};
use crate::account::Account;
use crate::app::App;

/// `/tx` is not there: a layer in front of a service cannot hand it a transaction.
pub(super) fn router(idem: &Idem, app: &App) -> Router<App> {
    Router::new()
        .route(
            "/pay",
            post(pay::bare::create)
                .put(pay::bare::change)
                .patch(pay::bare::change)
                .get(pay::unprotected)
                .delete(pay::unprotected),
        )
        .route("/refund", post(pay::bare::create))
        .route("/a/{id}/pay", post(pay::bare::create))
        .route("/optional", post(pay::bare::optional))
        .route("/canonical", post(pay::bare::canonical))
        .route("/status/{code}", post(status::bare::status))
        .route("/panic", post(status::bare::panics))
        .route("/slow", post(timed::bare::slow))
        .route("/wait", post(timed::bare::wait))
        .route("/bytes", post(shapes::bare::bytes))
        .route("/empty", post(shapes::bare::empty))
        .route("/see-other", post(shapes::bare::see_other))
        .route("/headers", post(headers::bare::headers))
        .route("/large", post(bodies::bare::large))
        .route("/stream", post(bodies::bare::stream))
        .layer(idem.service_layer(protection))
        .route_layer(from_fn_with_state(app.clone(), authenticated))
}

/// What each route asks for, as its handler's attribute says.
fn protection(request: &Parts) -> Protection {
    if request.method == Method::DELETE {
        return Protection::None;
    }
    let route = Route::new();
    let path = request.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    Protection::Keyed(match path {
        "/optional" => route.optional(),
        "/canonical" => {
            route.fingerprint(|_, body| Fingerprint::of_value(&CanonicalJson::new(body).ignoring("ts")))
        }
        "/wait" => route.wait(std::time::Duration::from_secs(5)),
        _ => route,
    })
}

/// A caller that is not authenticated reaches no record.
async fn authenticated(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if request.method() == Method::DELETE || request.method().is_safe() {
        return next.run(request).await;
    }
    match request.extract_parts_with_state::<Account, _>(&app).await {
        Ok(Account) => next.run(request).await,
        Err(status) => status.into_response(),
    }
}
