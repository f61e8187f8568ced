//! Redis.

use std::{net::SocketAddr, ops::Deref};

use rustix::process::Signal;

use crate::servers::{
    Builder, Failure, Kind, Missing, Server,
    builder::{Settings, with_defaults},
    port, probe,
    process::{Account, Spec},
    server::Plan,
    software::REDIS,
};

/// Nothing is written to the disk.
const DEFAULTS: [(&str, &str); 4] =
    [("bind", "127.0.0.1"), ("save", ""), ("appendonly", "no"), ("daemonize", "no")];

/// A Redis of the test's own, without a password.
///
/// By default it keeps nothing: after `stop` or `kill` and `start_again` it is empty. A test that wants its data back
/// sets `appendonly` to `yes` and `appendfsync` to `always`.
#[derive(Debug)]
pub struct Redis(Server);

impl Redis {
    /// One with the default settings.
    pub fn start() -> Result<Self, Missing> {
        Self::builder().start()
    }

    /// One with others: `.setting("maxmemory", "1mb")`.
    #[must_use]
    pub const fn builder() -> Builder<Self> {
        Builder::new()
    }

    /// `redis://host:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.host_port())
    }

    /// The plan for one at `address`, with `files` in its directory.
    pub(crate) fn plan(
        program: String,
        address: SocketAddr,
        settings: &[(String, String)],
        files: Vec<(&'static str, String)>,
    ) -> Plan {
        let mut command = vec![program, "--port".to_owned(), address.port().to_string()];
        for (name, value) in with_defaults(&DEFAULTS, settings) {
            command.extend([format!("--{name}"), value]);
        }
        let spec =
            Spec { name: REDIS.name, short: "redis", account: Account::Own, end: "KILL", epilogue: "" };
        Plan { spec, prepare: None, files, command, address, stop: Signal::TERM, probe: probe::redis }
    }

    /// Starts it, without waiting for it.
    pub(crate) fn begin(plan: Plan) -> Result<Self, Failure> {
        Server::launch(plan).map(Self)
    }
}

impl Kind for Redis {
    fn launch(settings: &Settings) -> Result<Self, Missing> {
        let [program] = REDIS.locate::<1>()?.map(|path| path.display().to_string());
        let plan = port::free(REDIS.name).map(|address| Self::plan(program, address, settings, Vec::new()));
        plan.and_then(Server::start).map(Self).map_err(|failure| Missing::new(&REDIS, failure))
    }
}

impl Deref for Redis {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}
