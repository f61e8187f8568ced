//! The proxy, as a test holds it.

use std::{
    fmt, io, mem,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    net::{TcpListener, TcpStream, ToSocketAddrs, lookup_host},
    sync::watch,
};

use super::{
    Fault,
    door::{Door, Task, Visit},
    link::{self, Hold},
    script::Script,
};

/// A proxy in front of a server. Dropped, it closes everything.
pub struct Proxy {
    address: SocketAddr,
    inner: Arc<Inner>,
    door: tokio::sync::Mutex<Door>,
}

struct Inner {
    upstream: SocketAddr,
    script: Script,
    hold: watch::Sender<Hold>,
    /// None once the proxy is gone.
    links: Mutex<Option<Vec<Task>>>,
}

impl Proxy {
    /// One that passes everything on to `upstream`, on a free port of 127.0.0.1. Its tasks run on the caller's runtime.
    ///
    /// # Errors
    /// `upstream` cannot be resolved, or no port can be opened.
    ///
    /// # Panics
    /// Outside a tokio runtime that drives I/O.
    pub async fn to(upstream: impl ToSocketAddrs) -> io::Result<Self> {
        let upstream = lookup_host(upstream).await?.next().ok_or(io::ErrorKind::NotFound)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (script, hold, links) = (Script::new(), watch::Sender::default(), Mutex::new(Some(Vec::new())));
        let inner = Arc::new(Inner { upstream, script, hold, links });
        let door = Door::open(listener, inner.visit()).into();
        Ok(Self { address, inner, door })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the server, with the proxy in its place.
    #[must_use]
    pub fn url(&self, of_server: &str) -> String {
        let Some((scheme, rest)) = of_server.split_once("://") else { return self.address.to_string() };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let user = authority.rfind('@').map_or("", |at| &authority[..=at]);
        format!("{scheme}://{user}{}{tail}", self.address)
    }

    /// How many [requests](super) it has seen, those that met a fault among them.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.inner.script.seen()
    }

    /// Arms a fault for the `n`-th request from now on, over all connections; the next is 1. Several may be armed, one
    /// for each request.
    pub fn on_request(&self, n: u64, fault: Fault) {
        self.inner.script.arm(n.max(1), fault);
    }

    /// Arms a fault for the next request.
    pub fn on_next(&self, fault: Fault) {
        self.on_request(1, fault);
    }

    /// How many faults are armed and have not struck.
    #[must_use]
    pub fn armed(&self) -> usize {
        self.inner.script.armed()
    }

    /// Waits until every armed fault has struck: both sides are closed, or the reply is there and held. A fault whose
    /// connection ended before it could strike counts too.
    pub async fn fired(&self) {
        self.inner.script.spent().await;
    }

    /// Holds back the replies on all connections, and the server's hanging up: the client hears nothing at all.
    pub fn hold_replies(&self) {
        self.inner.hold.send_modify(|hold| hold.all = true);
    }

    /// Lets all held replies go.
    pub fn resume(&self) {
        self.inner.hold.send_modify(|hold| *hold = Hold { all: false, resumed: hold.resumed + 1 });
    }

    /// Refuses new connections; those there are go on.
    ///
    /// # Errors
    /// The port could not be kept: then it is neither open nor bound, and [`pass`](Self::pass) tries to get it back.
    pub async fn refuse(&self) -> io::Result<()> {
        self.door.lock().await.shut(self.address).await
    }

    /// Closes all connections, on both sides, and waits until they are.
    pub async fn close_all(&self) {
        let links = self.inner.links().as_mut().map(mem::take);
        for link in links.into_iter().flatten() {
            link.end().await;
        }
    }

    /// Passes everything from now on: connections are accepted, nothing is held, no fault is armed.
    ///
    /// # Errors
    /// The port cannot be opened again.
    pub async fn pass(&self) -> io::Result<()> {
        self.inner.script.disarm();
        self.resume();
        self.door.lock().await.reopen(self.address, self.inner.visit())
    }
}

impl Inner {
    fn visit(self: &Arc<Self>) -> Visit {
        // Weak, for the tasks must not keep alive what ends them.
        let inner = Arc::downgrade(self);
        Arc::new(move |stream| {
            if let Some(inner) = inner.upgrade() {
                inner.link(stream);
            }
        })
    }

    fn link(self: &Arc<Self>, client: TcpStream) {
        let inner = Arc::clone(self);
        let hold = self.hold.subscribe();
        let task = async move { link::run(client, inner.upstream, &inner.script, hold).await };
        if let Some(links) = self.links().as_mut() {
            links.retain(|link| !link.0.is_finished());
            links.push(Task(tokio::spawn(task)));
        }
    }

    fn links(&self) -> MutexGuard<'_, Option<Vec<Task>>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // The tasks hold what holds them.
        drop(self.inner.links().take());
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Proxy");
        debug.field("address", &self.address).field("upstream", &self.inner.upstream);
        debug.field("requests", &self.requests()).field("armed", &self.armed()).finish_non_exhaustive()
    }
}
