//! One address for all callers, in front of the running servers: a minimal load balancer.
//!
//! Connections go to the servers in turn, and each stays with its server. If the server dies, the connection breaks, and
//! the caller has to repeat what was under way.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Closed when dropped.
#[derive(Debug)]
pub(crate) struct Door {
    address: SocketAddr,
    behind: Arc<Behind>,
    _accepting: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Behind {
    servers: Mutex<[Option<SocketAddr>; 2]>,
    next: AtomicUsize,
}

impl Door {
    /// Opens on a free port, with no server behind it yet.
    pub(crate) async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let behind = Arc::default();
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::clone(&behind)));
        Ok(Self { address, behind, _accepting: accepting })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Server `at`, 0 or 1, is to be found there, or not at all.
    pub(crate) fn set(&self, at: usize, address: Option<SocketAddr>) {
        self.behind.servers.lock().unwrap_or_else(PoisonError::into_inner)[at] = address;
    }
}

impl Behind {
    /// A connection to a server that lives.
    async fn connect(&self) -> io::Result<TcpStream> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let servers = *self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last = io::ErrorKind::ConnectionRefused.into();
        for at in [first, first + 1] {
            if let Some(address) = servers[at % 2] {
                match TcpStream::connect(address).await {
                    Ok(stream) => return Ok(stream),
                    Err(error) => last = error,
                }
            }
        }
        Err(last)
    }
}

async fn accept(listener: TcpListener, behind: Arc<Behind>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((caller, _)) => drop(connections.spawn(carry(caller, Arc::clone(&behind)))),
                Err(error) => {
                    tracing::warn!(%error, "a caller could not be let in");
                    tokio::task::yield_now().await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn carry(mut caller: TcpStream, behind: Arc<Behind>) {
    let carried = async {
        let mut server = behind.connect().await?;
        caller.set_nodelay(true)?;
        server.set_nodelay(true)?;
        copy_bidirectional(&mut caller, &mut server).await
    };
    if let Err(error) = carried.await {
        tracing::debug!(%error, "a connection broke");
    }
}
