//! The routes. `/tx` is there on the SQL stores and answers 404 on the others; `/checkout` answers 404: this build has
//! no steps.

mod bodies;
mod headers;
mod in_front;
mod pay;
mod shapes;
mod status;
mod timed;
mod tx;

use axum::Router;
use axum::routing::{get, post};
use idem_core::Idem;

use crate::admin;
use crate::app::App;
use crate::args::Framework;
use crate::ledger::Ledger;

pub(crate) fn router(framework: Framework, idem: &Idem, app: &App) -> Router<App> {
    let routes = match framework {
        Framework::Tower => in_front::router(idem, app),
        Framework::Axum | Framework::Actix => attributed(idem, app.ledger()),
    };
    routes
        .route("/effects", get(admin::effects))
        .route("/admin/revoke", post(admin::revoke))
        .route("/admin/allow", post(admin::allow))
        .route("/admin/reset", post(admin::reset))
}

fn attributed(idem: &Idem, ledger: &Ledger) -> Router<App> {
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
        .merge(tx::router(ledger))
        .layer(idem.layer())
}
