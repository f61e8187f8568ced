//! A page for Prometheus: what idem counts, and nothing of the payments.

use axum::Router;
use axum::routing::get;
use idem_core::operator::Operator;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::Failure;

/// `GET /metrics`. A service would keep it on a port that only its own network reaches.
/// What waits is counted for each scrape.
pub(crate) fn page(operator: Operator) -> Result<Router, Failure> {
    let recorder = PrometheusBuilder::new().install_recorder()?;
    idem_core::observe::describe();
    Ok(Router::new().route("/metrics", get(async move || text(&operator, &recorder).await)))
}

async fn text(operator: &Operator, recorder: &PrometheusHandle) -> String {
    // The gauges keep what they showed; the rest of the page is as good as ever.
    if let Err(error) = operator.record_gauges().await {
        eprintln!("payments: what waits could not be counted: {error}");
    }
    recorder.render()
}

#[cfg(test)]
mod tests {
    use idem_core::store::memory::MemoryStore;
    use idem_core::{Idem, Scope};

    use super::*;

    #[tokio::test]
    async fn the_page_shows_what_waits() {
        let recorder = PrometheusBuilder::new().install_recorder().unwrap();
        let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).namespace("payments").build();
        let text = text(&idem.operator(), &recorder).await;
        for state in ["running", "unknown", "unwinding", "stuck"] {
            let line = format!("idem_records{{namespace=\"payments\",state=\"{state}\"}} 0");
            assert!(text.contains(&line), "{line} is not in\n{text}");
        }
        assert!(text.contains("idem_oldest_unknown_seconds{namespace=\"payments\"} 0"), "{text}");
    }
}
