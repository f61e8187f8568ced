//! Only the API, for trying it by hand.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use idem_core::Drained;

use crate::Failure;
use crate::api::{self, Shop};
use crate::bank::{Bank, Moods};
use crate::database::Database;
use crate::metrics;
use crate::server::Server;

/// How long running payments may take in the end.
const DRAIN: Duration = Duration::from_secs(5);

/// How long a charge takes: long enough to send a second request by hand meanwhile.
const CHARGE: Duration = Duration::from_secs(1);

/// Serves at `address` until Ctrl-C.
pub(crate) async fn serve(address: SocketAddr, db: Option<PathBuf>) -> Result<(), Failure> {
    let database = Database::at(db)?;
    let idem = database.idem("payments".to_owned(), Duration::ZERO).await?;
    let shop = Shop::new(Bank::new(0, Moods::default()).taking(CHARGE));
    let app = api::protected(shop, &idem).merge(metrics::page(idem.operator())?);
    let server = Server::start(app, address).await?;
    println!("{}", welcome(server.address()));
    told_to_stop().await?;
    if let Drained::Abandoned(left) = idem.drain(DRAIN).await {
        eprintln!("payments: {left} payments were still running; their outcome is recorded as unknown");
    }
    // A client that keeps a connection open and busy after that is cut off.
    tokio::time::timeout(DRAIN, server.stop()).await.unwrap_or(Ok(()))?;
    Ok(())
}

/// Ctrl-C, and on Unix SIGTERM as well: so that a temporary file goes either way.
#[cfg(unix)]
async fn told_to_stop() -> std::io::Result<()> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn told_to_stop() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

fn welcome(address: SocketAddr) -> String {
    format!(
        "The payment API listens at http://{address}, until Ctrl-C. Send this twice; the card is charged once:\n\n  \
         curl -i http://{address}/payments -H 'x-account: ada' -H 'Idempotency-Key: order-17' \\\n    \
         --json '{{\"order\": 17, \"amount\": 1200, \"currency\": \"EUR\"}}'\n\n\
         The payments that were made:\n\n  curl http://{address}/payments -H 'x-account: ada'\n\n\
         What idem has counted, and what waits, for Prometheus:\n\n  curl http://{address}/metrics\n"
    )
}
