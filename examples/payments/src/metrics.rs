//! A page for Prometheus: what idem counts, and nothing of the payments.

use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::Failure;

/// `GET /metrics`. A service would keep it on a port that only its own network reaches.
pub(crate) fn page() -> Result<Router, Failure> {
    let recorder = PrometheusBuilder::new().install_recorder()?;
    idem_core::observe::describe();
    Ok(Router::new().route("/metrics", get(async move || recorder.render())))
}
