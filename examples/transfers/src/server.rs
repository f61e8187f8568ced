//! A server process, seen from outside.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::Failure;
use crate::plan::{Mode, Plan};

/// How long a server may take to start, tries included: its database may be away for a while.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// How to start one.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    store: String,
    namespace: String,
    mode: Mode,
}

/// A running server. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    address: SocketAddr,
}

impl Recipe {
    pub(crate) fn new(plan: &Plan) -> Self {
        let namespace = format!("transfers-{:016x}", fastrand::u64(..));
        Self { store: plan.place.text().to_owned(), namespace, mode: plan.mode }
    }

    /// This very program as a server; comes back once it listens.
    ///
    /// # Errors
    /// If it does not within a minute.
    pub(crate) async fn start(&self) -> Result<Server, Failure> {
        let begun = Instant::now();
        loop {
            match self.try_start().await {
                Ok(server) => return Ok(server),
                Err(failure) if begun.elapsed() > PATIENCE => return Err(failure),
                Err(failure) => tracing::warn!(%failure, "a server did not start"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn try_start(&self) -> Result<Server, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", "--store", &self.store, "--namespace", &self.namespace]);
        if self.mode == Mode::WithoutIdem {
            command.arg("--without-idem");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn()?;
        let out = process.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).await?;
        let address = line.trim_end().parse().map_err(|_| "a server did not start")?;
        Ok(Server { process, address })
    }
}

impl Server {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) async fn kill(&mut self) -> std::io::Result<()> {
        self.process.kill().await
    }
}
