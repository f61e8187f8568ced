//! A router on a port.

use std::io::Error;
use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), Error>>,
}

impl Server {
    /// Serves `app` at `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address cannot be had.
    pub(crate) async fn start(app: Router, address: SocketAddr) -> Result<Self, Error> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let server = axum::serve(listener, app).with_graceful_shutdown(async {
            // A sender that is gone means the same.
            drop(stopped.await);
        });
        Ok(Self { address, stop, serving: tokio::spawn(server.into_future()) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections, and waits until those that are open have been closed.
    ///
    /// # Errors
    /// If the server broke down.
    pub(crate) async fn stop(self) -> Result<(), Error> {
        // A server that is gone already needs no telling.
        let _ = self.stop.send(());
        self.serving.await?
    }
}
