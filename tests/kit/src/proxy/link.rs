//! One connection through the proxy: two pumps, and what a fault does to them.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
};

use super::{
    Fault,
    script::{Charge, Script},
};

const BUFFER: usize = 16 * 1024;

/// Whether replies are held back.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Hold {
    /// All of them.
    pub(super) all: bool,
    /// How often the held ones were let go.
    pub(super) resumed: u64,
}

/// What the two pumps of a connection tell each other.
struct Link<'a> {
    script: &'a Script,
    /// The next bytes of the client begin a request.
    turn: AtomicBool,
    /// What is to happen to the next reply.
    doom: Mutex<Option<(Fault, Charge)>>,
}

/// The connection breaks, by a fault or by itself.
struct Cut(Option<Charge>);

impl From<io::Error> for Cut {
    fn from(_: io::Error) -> Self {
        Self(None)
    }
}

/// Until both sides have hung up, or one breaks.
pub(super) async fn run(
    mut client: TcpStream,
    upstream: SocketAddr,
    script: &Script,
    hold: watch::Receiver<Hold>,
) {
    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
    // Errors of these show when the connection is used.
    drop((client.set_nodelay(true), server.set_nodelay(true)));
    let link = Link { script, turn: AtomicBool::new(true), doom: Mutex::default() };
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let outcome =
        tokio::try_join!(link.requests(from_client, to_server), link.replies(from_server, to_client, hold));
    // The fault has struck when both sides are closed, so its charge goes last.
    drop((client, server));
    if let Err(Cut(charge)) = outcome {
        drop(charge);
    }
}

impl Link<'_> {
    async fn requests(&self, mut client: ReadHalf<'_>, mut server: WriteHalf<'_>) -> Result<(), Cut> {
        let mut buffer = vec![0; BUFFER];
        loop {
            let length = client.read(&mut buffer).await?;
            if length == 0 {
                return Ok(server.shutdown().await?);
            }
            let fault = if self.turn.swap(false, Ordering::SeqCst) { self.script.next() } else { None };
            match fault {
                None => {}
                Some((Fault::CutBefore, charge)) => return Err(Cut(Some(charge))),
                Some((Fault::CutAfterSend, charge)) => {
                    server.write_all(&buffer[..length]).await?;
                    while let Ok(more @ 1..) = client.try_read(&mut buffer) {
                        server.write_all(&buffer[..more]).await?;
                    }
                    server.shutdown().await?;
                    return Err(Cut(Some(charge)));
                }
                // Set before the request goes on, so that no reply is faster.
                Some(doom @ (Fault::SwallowReply | Fault::HoldReply, _)) => self.set_doom(doom),
            }
            server.write_all(&buffer[..length]).await?;
        }
    }

    async fn replies(
        &self,
        mut server: ReadHalf<'_>,
        mut client: WriteHalf<'_>,
        mut hold: watch::Receiver<Hold>,
    ) -> Result<(), Cut> {
        let mut buffer = vec![0; BUFFER];
        // Held until replies are resumed for more than this many times.
        let mut after = None;
        loop {
            let length = server.read(&mut buffer).await?;
            match self.take_doom() {
                Some((Fault::HoldReply, charge)) => {
                    after = Some(hold.borrow().resumed);
                    drop(charge);
                }
                Some((_, charge)) => return Err(Cut(Some(charge))),
                None => {}
            }
            let goes_on = |hold: &Hold| !hold.all && after.is_none_or(|after| hold.resumed > after);
            // Without its sender there is no proxy any more.
            drop(hold.wait_for(goes_on).await.map_err(|_| Cut(None))?);
            after = None;
            if length == 0 {
                return Ok(client.shutdown().await?);
            }
            // Before the client can see the reply and go on.
            self.turn.store(true, Ordering::SeqCst);
            client.write_all(&buffer[..length]).await?;
        }
    }

    fn set_doom(&self, doom: (Fault, Charge)) {
        *self.doom.lock().unwrap_or_else(PoisonError::into_inner) = Some(doom);
    }

    fn take_doom(&self) -> Option<(Fault, Charge)> {
        self.doom.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
