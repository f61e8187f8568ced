//! MariaDB.

use std::ops::Deref;

use rustix::process::Signal;

use crate::servers::{
    Builder, Failure, Kind, Missing, Server,
    builder::{Settings, with_defaults},
    port, probe,
    process::{Account, Spec, is_root},
    server::{HERE, Plan},
    software::MARIADB,
};

/// Fast and forgetful: a crash of the machine, unlike one of the server, may lose what was committed.
const DEFAULTS: [(&str, &str); 9] = [
    // 2, not 0: written at every commit and synced later, so that a killed server still knows what it committed.
    ("innodb-flush-log-at-trx-commit", "2"),
    ("innodb-flush-method", "nosync"),
    ("innodb-buffer-pool-size", "64M"),
    ("innodb-log-file-size", "32M"),
    ("innodb-doublewrite", "0"),
    ("max-connections", "300"),
    ("character-set-server", "utf8mb4"),
    ("bind-address", "127.0.0.1"),
    ("socket", "mariadb.sock"),
];

/// A MariaDB of the test's own: user `root`, database `test`, no password.
///
/// By default it does not wait for the disk; a benchmark sets `innodb-flush-log-at-trx-commit` to `1`,
/// `innodb-flush-method` to `O_DIRECT` and `innodb-doublewrite` to `1`.
#[derive(Debug)]
pub struct MariaDb(Server);

impl MariaDb {
    /// One with the default settings.
    pub fn start() -> Result<Self, Missing> {
        Self::builder().start()
    }

    /// One with others: `.setting("innodb-lock-wait-timeout", "1")`.
    #[must_use]
    pub const fn builder() -> Builder<Self> {
        Builder::new()
    }

    /// `mysql://root@host:port/test`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mysql://root@{}/test", self.host_port())
    }

    fn run([mariadbd, install]: [String; 2], settings: &Settings) -> Result<Self, Failure> {
        let address = port::free(MARIADB.name)?;
        let root = is_root().then_some("--user=root".to_owned());
        let prepare = [
            &*install,
            "--no-defaults",
            &format!("--datadir={HERE}/data"),
            "--auth-root-authentication-method=normal",
            "--skip-name-resolve",
            "--debug-no-sync",
            "--innodb-log-file-size=32M",
        ];
        let prepare = prepare.iter().map(|&word| word.to_owned()).chain(root.clone()).collect();
        let mut command =
            [&*mariadbd, "--no-defaults", "--skip-name-resolve", &format!("--datadir={HERE}/data")]
                .map(str::to_owned)
                .to_vec();
        command.extend(root);
        command.push(format!("--port={}", address.port()));
        for (name, value) in with_defaults(&DEFAULTS, settings) {
            command.push(if value.is_empty() { format!("--{name}") } else { format!("--{name}={value}") });
        }
        let spec =
            Spec { name: MARIADB.name, short: "mariadb", account: Account::Own, end: "KILL", epilogue: "" };
        let (stop, probe) = (Signal::TERM, probe::mariadb);
        let prepare = Some(prepare);
        Server::start(Plan { spec, prepare, files: Vec::new(), command, address, stop, probe }).map(Self)
    }
}

impl Kind for MariaDb {
    fn launch(settings: &Settings) -> Result<Self, Missing> {
        let programs = MARIADB.locate::<2>()?.map(|path| path.display().to_string());
        Self::run(programs, settings).map_err(|failure| Missing::new(&MARIADB, failure))
    }
}

impl Deref for MariaDb {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}
