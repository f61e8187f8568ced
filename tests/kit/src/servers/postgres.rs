//! PostgreSQL.

use std::ops::Deref;

use rustix::process::Signal;

use crate::servers::{
    Builder, Failure, Kind, Missing, Server,
    builder::{Settings, with_defaults},
    port, probe,
    process::{Account, Spec},
    server::Plan,
    software::POSTGRES,
};

/// Fast and forgetful: a crash of the machine, unlike one of the server, may lose what was committed.
const DEFAULTS: [(&str, &str); 11] = [
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("shared_buffers", "32MB"),
    ("max_connections", "200"),
    ("max_wal_size", "256MB"),
    ("listen_addresses", "127.0.0.1"),
    ("unix_socket_directories", ""),
    // In the directory, so that it goes with it.
    ("dynamic_shared_memory_type", "mmap"),
    ("log_line_prefix", "%m [%p] "),
    ("timezone", "UTC"),
    ("autovacuum_naptime", "10s"),
];

/// The segment that a killed server leaves in the system is named in its lock file.
const REMOVE_SEGMENT: &str =
    "id=$(sed -n '7s/^ *[0-9]* *//p' data/postmaster.pid 2>/dev/null); [ -z \"$id\" ] || ipcrm -m $id";

/// A PostgreSQL of the test's own: user `postgres`, database `postgres`, no password.
///
/// By default it does not wait for the disk (`fsync` and `full_page_writes` are off); a benchmark
/// sets these. What it logs, plans of `auto_explain` included, is in [`Server::log_path`].
#[derive(Debug)]
pub struct Postgres(Server);

impl Postgres {
    /// One with the default settings.
    pub fn start() -> Result<Self, Missing> {
        Self::builder().start()
    }

    /// One with others: `.setting("fsync", "on")`.
    #[must_use]
    pub const fn builder() -> Builder<Self> {
        Builder::new()
    }

    /// `postgres://postgres@host:port/postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.host_port())
    }

    fn run([postgres, initdb]: [String; 2], settings: &Settings) -> Result<Self, Failure> {
        let address = port::free(POSTGRES.name)?;
        let prepare = [
            &*initdb,
            "--pgdata=data",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            "--no-instructions",
        ];
        let mut command = vec![postgres, "-D".to_owned(), "data".to_owned()];
        command.extend(["-p".to_owned(), address.port().to_string()]);
        for (name, value) in with_defaults(&DEFAULTS, settings) {
            command.extend(["-c".to_owned(), format!("{name}={value}")]);
        }
        let spec = Spec {
            name: POSTGRES.name,
            short: "postgres",
            account: Account::unless_root(POSTGRES.name, "postgres")?,
            end: "QUIT",
            epilogue: REMOVE_SEGMENT,
        };
        let prepare = Some(prepare.map(str::to_owned).into());
        let (stop, probe) = (Signal::INT, probe::postgres);
        Server::start(Plan { spec, prepare, files: Vec::new(), command, address, stop, probe }).map(Self)
    }
}

impl Kind for Postgres {
    fn launch(settings: &Settings) -> Result<Self, Missing> {
        let programs = POSTGRES.locate::<2>()?.map(|path| path.display().to_string());
        Self::run(programs, settings).map_err(|failure| Missing::new(&POSTGRES, failure))
    }
}

impl Deref for Postgres {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}
