//! The routes. `/tx` and `/checkout` answer 404: this build has no coupled transactions and no steps.

mod bodies;
mod headers;
mod pay;
mod shapes;
mod status;
mod timed;

use axum::Router;
use axum::routing::{get, post};
use idem_core::Idem;

use crate::admin;
use crate::app::App;

pub(crate) fn router(idem: &Idem) -> Router<App> {
    Router::new()
        .route(
            "/pay",
            post(pay::create)
                .put(pay::change)
                .patch(pay::change)
                .get(pay::unprotected)
                .delete(pay::unprotected),
        )
        .route("/refund", post(pay::create))
        .route("/a/{id}/pay", post(pay::create))
        .route("/optional", post(pay::optional))
        .route("/canonical", post(pay::canonical))
        .route("/status/{code}", post(status::status))
        .route("/panic", post(status::panics))
        .route("/slow", post(timed::slow))
        .route("/wait", post(timed::wait))
        .route("/bytes", post(shapes::bytes))
        .route("/empty", post(shapes::empty))
        .route("/see-other", post(shapes::see_other))
        .route("/headers", post(headers::headers))
        .route("/large", post(bodies::large))
        .route("/stream", post(bodies::stream))
        .layer(idem.layer())
        .route("/effects", get(admin::effects))
        .route("/admin/revoke", post(admin::revoke))
        .route("/admin/allow", post(admin::allow))
        .route("/admin/reset", post(admin::reset))
}
