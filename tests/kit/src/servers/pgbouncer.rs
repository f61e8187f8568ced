//! `PgBouncer`, a pool in front of a PostgreSQL.

use std::{fmt::Write, net::SocketAddr, ops::Deref};

use rustix::process::Signal;

use crate::servers::{
    Failure, Missing, Server,
    builder::{Settings, repeat, with_defaults},
    port, probe,
    process::{Account, Spec},
    server::Plan,
    software::PGBOUNCER,
};

const DEFAULTS: [(&str, &str); 8] = [
    ("pool_mode", "transaction"),
    ("auth_type", "trust"),
    ("auth_file", USERS),
    ("listen_addr", "127.0.0.1"),
    ("unix_socket_dir", ""),
    ("max_client_conn", "500"),
    ("default_pool_size", "20"),
    // Which every driver sends, and a pool cannot keep.
    ("ignore_startup_parameters", "extra_float_digits"),
];

const CONFIG: &str = "pgbouncer.ini";
const USERS: &str = "users.txt";

/// A `PgBouncer` of the test's own, in transaction mode: successive transactions of a client may be given different
/// connections of the PostgreSQL behind it.
#[derive(Debug)]
pub struct PgBouncer(Server);

/// A `PgBouncer` to be.
#[derive(Debug, Clone)]
pub struct PgBouncerBuilder {
    upstream: SocketAddr,
    settings: Settings,
}

impl PgBouncer {
    /// One in front of `postgres`.
    pub fn start(postgres: &Server) -> Result<Self, Missing> {
        Self::builder(postgres.addr()).start()
    }

    /// One in front of the server that listens at `upstream`, with other settings.
    #[must_use]
    pub const fn builder(upstream: SocketAddr) -> PgBouncerBuilder {
        PgBouncerBuilder { upstream, settings: Vec::new() }
    }

    /// `postgres://postgres@host:port/postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.host_port())
    }
}

impl PgBouncerBuilder {
    /// A setting of `pgbouncer.ini`: `("default_pool_size", "2")`.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Starts it, and waits until it answers: until the PostgreSQL behind it does.
    pub fn start(self) -> Result<PgBouncer, Missing> {
        let [program] = PGBOUNCER.locate::<1>()?.map(|path| path.display().to_string());
        let run = || self.run(program.clone()).map_err(|failure| Missing::new(&PGBOUNCER, failure));
        repeat(run).map(PgBouncer)
    }

    fn run(&self, program: String) -> Result<Server, Failure> {
        let address = port::free(PGBOUNCER.name)?;
        let spec = Spec {
            name: PGBOUNCER.name,
            short: "pgbouncer",
            account: Account::unless_root(PGBOUNCER.name, "postgres")?,
            end: "KILL",
            epilogue: "",
        };
        let files = vec![(CONFIG, self.config(address)), (USERS, "\"postgres\" \"\"\n".to_owned())];
        let command = vec![program, CONFIG.to_owned()];
        let (stop, probe) = (Signal::TERM, probe::postgres);
        Server::start(Plan { spec, prepare: None, files, command, address, stop, probe })
    }

    fn config(&self, own: SocketAddr) -> String {
        let (host, port) = (self.upstream.ip(), self.upstream.port());
        let mut text =
            format!("[databases]\n* = host={host} port={port}\n[pgbouncer]\nlisten_port = {}\n", own.port());
        for (name, value) in with_defaults(&DEFAULTS, &self.settings) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name} = {value}");
        }
        text
    }
}

impl Deref for PgBouncer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}
