//! A listener that can be closed and opened again on the same port.

use std::{io, mem, net::SocketAddr, sync::Arc};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
};

/// Either connections are accepted, or they are refused by the system.
pub(super) enum Door {
    Open(Task),
    /// Bound, so that no other process gets the port, and not listening.
    Shut(TcpSocket),
    /// The port is neither open nor bound: the last change failed.
    Broken,
}

/// A task that ends with its handle.
#[derive(Debug)]
pub(super) struct Task(pub(super) JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Task {
    /// Ends it, and waits until what it held is closed.
    pub(super) async fn end(mut self) {
        self.0.abort();
        drop((&mut self.0).await);
    }
}

/// What is done with a connection.
pub(super) type Visit = Arc<dyn Fn(TcpStream) + Send + Sync>;

impl Door {
    pub(super) fn open(listener: TcpListener, visit: Visit) -> Self {
        Self::Open(Task(tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => visit(stream),
                    // Out of descriptors, or the client was gone already: the next may succeed.
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        })))
    }

    /// From now on, connections are refused.
    pub(super) async fn shut(&mut self, address: SocketAddr) -> io::Result<()> {
        let task = match mem::replace(self, Self::Broken) {
            Self::Open(task) => task,
            other => {
                *self = other;
                return Ok(());
            }
        };
        task.end().await;
        *self = Self::Shut(bound(address)?);
        Ok(())
    }

    /// From now on, connections are accepted.
    pub(super) fn reopen(&mut self, address: SocketAddr, visit: Visit) -> io::Result<()> {
        let socket = match mem::replace(self, Self::Broken) {
            Self::Shut(socket) => socket,
            Self::Broken => bound(address)?,
            open @ Self::Open(_) => {
                *self = open;
                return Ok(());
            }
        };
        *self = Self::open(socket.listen(1024)?, visit);
        Ok(())
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // The connections of before may still be closing.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
