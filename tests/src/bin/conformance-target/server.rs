//! Listening, serving, and going down with a drain.

use std::io::Write;
use std::time::Duration;

use axum::serve::ListenerExt;
use idem_core::{Drained, Idem};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::app::App;
use crate::args::Args;
use crate::effects::Effects;
use crate::failure::Failure;
use crate::{engine, layers, routes};

/// How long running handlers get to finish once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(30);
/// How long connections get to take their last answers after that.
const LINGER: Duration = Duration::from_secs(2);

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn serve(args: &Args) -> Result<(), Failure> {
    let (idem, ledger) = engine::open(args).await?;
    ledger.create().await.map_err(Failure::Ledger)?;
    let app = App::new(Effects::new(args.effects.as_deref())?, ledger);
    let router = routes::router(args.framework, &idem, &app);
    let router = layers::around(router.with_state(app));
    let listener = TcpListener::bind(args.listen).await.map_err(Failure::Listen)?;
    let address = listener.local_addr().map_err(Failure::Listen)?;
    announce(&format!("listening on http://{address}")).map_err(Failure::Serve)?;
    let listener = listener.tap_io(|connection| {
        // Without it the last bytes of an answer may wait for an acknowledgement; if it fails they do.
        connection.set_nodelay(true).unwrap_or_default();
    });
    let (tell, told) = oneshot::channel();
    // New operations are refused with 503 while the running ones finish; only then do connections close.
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        terminated().await;
        drain(&idem).await;
        drop(tell);
    });
    tokio::select! {
        served = serving => served.map_err(Failure::Serve),
        () = lingered(told) => Ok(()),
    }
}

async fn lingered(told: oneshot::Receiver<()>) {
    // The sender is dropped, never used.
    drop(told.await);
    tokio::time::sleep(LINGER).await;
}

async fn drain(idem: &Idem) {
    match idem.drain(DRAIN).await {
        Drained::Clean => {}
        Drained::Abandoned(count) => {
            tracing::error!(count, "operations were still running and are now unknown");
        }
        other => tracing::error!(?other, "the server was not drained"),
    }
}

fn announce(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};

    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        (terminate, interrupt) => {
            tracing::error!(?terminate, ?interrupt, "signals cannot be heard: only a kill ends this server");
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
async fn terminated() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::error!(%error, "Ctrl-C cannot be heard: only a kill ends this server");
        std::future::pending::<()>().await;
    }
}
