//! What all servers have in common: an address, a log, and ways to be stopped and killed.

use std::{
    fmt, fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::servers::{
    Cause, Failure,
    probe::Probe,
    process::{Process, Spec},
};

/// How long a server may take to answer; far more than it does take.
const READY: Duration = Duration::from_mins(1);

/// A server of the test's own. Dropped, it is gone, and so is its directory.
pub struct Server {
    process: Process,
    address: SocketAddr,
    command: Vec<String>,
    stop: Signal,
    probe: Probe,
}

/// The server's directory, in its commands. They run in it, but MariaDB wants to hear the whole path.
pub(crate) const HERE: &str = "{here}";

/// How to run a server.
pub(crate) struct Plan {
    pub(crate) spec: Spec,
    /// What makes its data.
    pub(crate) prepare: Option<Vec<String>>,
    /// Files of its directory.
    pub(crate) files: Vec<(&'static str, String)>,
    pub(crate) command: Vec<String>,
    pub(crate) address: SocketAddr,
    /// What ends it in good order.
    pub(crate) stop: Signal,
    pub(crate) probe: Probe,
}

impl Server {
    /// Prepares the data and starts the server, without waiting for it.
    pub(crate) fn launch(plan: Plan) -> Result<Self, Failure> {
        let Plan { spec, prepare, files, command, address, stop, probe } = plan;
        let process = Process::supervise(&spec)?;
        for (name, text) in files {
            fs::write(process.directory().join(name), text).map_err(|error| process.failure(error))?;
        }
        let here = process.directory().to_string_lossy().into_owned();
        let placed = |command: Vec<String>| -> Vec<String> {
            command.iter().map(|word| word.replace(HERE, &here)).collect()
        };
        if let Some(prepare) = prepare {
            process.prepare(&placed(prepare))?;
        }
        let command = placed(command);
        process.launch(&command)?;
        Ok(Self { process, address, command, stop, probe })
    }

    /// Prepares the data, starts the server, and waits until it answers.
    pub(crate) fn start(plan: Plan) -> Result<Self, Failure> {
        let server = Self::launch(plan)?;
        server.ready()?;
        Ok(server)
    }

    /// Waits until it answers.
    pub(crate) fn ready(&self) -> Result<(), Failure> {
        self.until(|| (self.probe)(self.address))
    }

    /// Waits until `probe` succeeds, or the server ends.
    pub(crate) fn until(&self, mut probe: impl FnMut() -> io::Result<()>) -> Result<(), Failure> {
        let deadline = Instant::now() + READY;
        loop {
            if let Some(code) = self.process.code() {
                return Err(self.process.failure(self.process.end_of(&self.command, code)));
            }
            match probe() {
                Ok(()) => return Ok(()),
                Err(last) if Instant::now() > deadline => {
                    return Err(self.process.failure(Cause::NotReady { seconds: READY.as_secs(), last }));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// The address that the server listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The address that the server listens on, as `host:port`.
    #[must_use]
    pub fn host_port(&self) -> String {
        self.address.to_string()
    }

    /// Its directory, with the data and the log in it.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.process.directory()
    }

    /// What it says, from its first start on.
    #[must_use]
    pub fn log_path(&self) -> PathBuf {
        self.process.log_path()
    }

    /// What it has said.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(self.log_path()).map(|log| String::from_utf8_lossy(&log).into_owned()).unwrap_or_default()
    }

    /// The process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.process.pid()
    }

    /// Ends it in good order, and waits for that. A frozen server is thawed first.
    pub fn stop(&self) -> Result<(), Failure> {
        self.process.end(self.stop)
    }

    /// SIGKILL to all its processes at once, and waits until they are gone.
    pub fn kill(&self) -> Result<(), Failure> {
        self.process.kill()
    }

    /// Starts it after [`stop`](Self::stop) or [`kill`](Self::kill), on the same port and data, and waits until it
    /// answers.
    pub fn start_again(&self) -> Result<(), Failure> {
        self.process.launch(&self.command)?;
        self.ready()
    }

    /// SIGSTOP to all its processes, and waits until they stand still: connections stay open and nothing answers. The
    /// system goes on accepting connections for it.
    pub fn freeze(&self) -> Result<(), Failure> {
        self.process.freeze()
    }

    /// SIGCONT to all its processes.
    pub fn thaw(&self) -> Result<(), Failure> {
        self.process.thaw()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}
