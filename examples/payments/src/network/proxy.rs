//! The network itself.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use super::fate::{Fate, Pace, Passage};
use super::line::Line;
use super::message::Kind;
use super::{Rates, Traffic};

/// A running network. Callers connect to its address as if it were the API's.
#[derive(Debug)]
pub(crate) struct Network {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    api: SocketAddr,
    rates: Rates,
    seed: u64,
    traffic: Mutex<Traffic>,
}

impl Network {
    /// Lays a network before the API at `api`, on a free port of this machine.
    ///
    /// # Errors
    /// If no port can be had.
    pub(crate) async fn lay(api: SocketAddr, rates: Rates, seed: u64) -> Result<Self, Error> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { api, rates, seed, traffic: Mutex::default() });
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(accept(listener, Arc::clone(&shared), stopped));
        Ok(Self { address, shared, stop, running })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the callers have hung up and nothing is on its way any more, late duplicates included.
    pub(crate) async fn calm(self) -> Traffic {
        // A network that is gone already needs no telling.
        let _ = self.stop.send(());
        if let Err(error) = self.running.await {
            tracing::error!(%error, "the network broke down");
        }
        *self.shared.traffic()
    }
}

impl Shared {
    /// The fate of the next request, counted.
    fn fate(&self) -> Fate {
        let mut traffic = self.traffic();
        let fate = Fate::draw(&self.rates, self.seed, traffic.requests);
        traffic.count(fate);
        fate
    }

    fn traffic(&self) -> std::sync::MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    let mut callers = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(callers.spawn(connection(stream, Arc::clone(&shared)))),
                Err(error) => {
                    tracing::warn!(%error, "a caller could not be let in");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
            Some(_) = callers.join_next() => {}
            _ = &mut stopped => break,
        }
    }
    drop(listener);
    while callers.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    if let Err(error) = carry(stream, &shared).await {
        tracing::debug!(%error, "a connection broke without being told to");
    }
}

/// Carries one connection's messages until a fault or the caller ends it.
async fn carry(stream: TcpStream, shared: &Shared) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut caller = Line::new(stream);
    let mut api = None;
    let mut second = None;
    while let Some(request) = caller.next(Kind::Request).await? {
        let fate = shared.fate();
        if fate.passage == Passage::RequestLost {
            return Ok(());
        }
        if fate.passage == Passage::Duplicated {
            let first = ask(&mut api, shared.api, &request);
            let copy = async {
                hold(fate.pace).await;
                ask(&mut second, shared.api, &request).await
            };
            deliver_either(&mut caller, first, copy).await?;
            continue;
        }
        hold(fate.pace).await;
        let Some(reply) = ask_for(&mut caller, &mut api, shared.api, &request).await? else { return Ok(()) };
        match fate.passage {
            Passage::ReplyLost => return Ok(()),
            Passage::Reset => {
                let half = reply.len() / 2;
                caller.send(&reply[..half]).await?;
                return caller.into_stream().set_zero_linger();
            }
            _ => caller.send(&reply).await?,
        }
    }
    Ok(())
}

async fn hold(pace: Pace) {
    if let Pace::Delayed(delay) = pace {
        tokio::time::sleep(delay).await;
    }
}

/// The reply to a request, on a connection to the API; `None` if the caller hangs up before it is there. The connection
/// to the API then goes with the caller's.
async fn ask_for(
    caller: &mut Line<TcpStream>,
    line: &mut Option<Line<TcpStream>>,
    api: SocketAddr,
    request: &[u8],
) -> Result<Option<Bytes>, Error> {
    let line = send_on(line, api, request).await?;
    tokio::select! {
        reply = receive(line) => reply.map(Some),
        () = caller.gone() => Ok(None),
    }
}

/// One request and its reply on a connection to the API, opened if need be.
async fn ask(line: &mut Option<Line<TcpStream>>, api: SocketAddr, request: &[u8]) -> Result<Bytes, Error> {
    receive(send_on(line, api, request).await?).await
}

async fn send_on<'l>(
    line: &'l mut Option<Line<TcpStream>>,
    api: SocketAddr,
    request: &[u8],
) -> Result<&'l mut Line<TcpStream>, Error> {
    let line = match line {
        Some(line) => line,
        None => {
            let stream = TcpStream::connect(api).await?;
            stream.set_nodelay(true)?;
            line.insert(Line::new(stream))
        }
    };
    line.send(request).await?;
    Ok(line)
}

async fn receive(line: &mut Line<TcpStream>) -> Result<Bytes, Error> {
    line.next(Kind::Reply).await?.ok_or_else(|| ErrorKind::UnexpectedEof.into())
}

/// Delivers the answer that is there first, and sees the other one through.
async fn deliver_either(
    caller: &mut Line<TcpStream>,
    first: impl Future<Output = Result<Bytes, Error>>,
    copy: impl Future<Output = Result<Bytes, Error>>,
) -> Result<(), Error> {
    let (mut first, mut copy) = (std::pin::pin!(first), std::pin::pin!(copy));
    // The other request runs on when this side fails, as on a real network.
    tokio::select! {
        reply = &mut first => {
            let sent = send(caller, reply).await;
            copy.await.and(sent)
        }
        reply = &mut copy => {
            let sent = send(caller, reply).await;
            first.await.and(sent)
        }
    }
}

async fn send(caller: &mut Line<TcpStream>, reply: Result<Bytes, Error>) -> Result<(), Error> {
    caller.send(&reply?).await
}
