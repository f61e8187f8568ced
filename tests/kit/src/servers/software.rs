//! What has to be installed for each server.

use std::path::PathBuf;

use crate::servers::{Missing, find, install};

/// The programs of a server, and where they come from.
#[derive(Debug)]
pub(crate) struct Software {
    pub(crate) name: &'static str,
    pub(crate) programs: &'static [&'static str],
    /// Its name in Debian.
    pub(crate) package: &'static str,
    /// The environment variable that names a server to use instead.
    pub(crate) variable: Option<&'static str>,
}

pub(crate) const POSTGRES: Software = Software {
    name: "PostgreSQL",
    programs: &["postgres", "initdb"],
    package: "postgresql",
    variable: Some("IDEM_TEST_POSTGRES_URL"),
};

pub(crate) const MARIADB: Software = Software {
    name: "MariaDB",
    programs: &["mariadbd", "mariadb-install-db"],
    package: "mariadb-server",
    variable: Some("IDEM_TEST_MYSQL_URL"),
};

pub(crate) const REDIS: Software = Software {
    name: "Redis",
    programs: &["redis-server"],
    package: "redis-server",
    variable: Some("IDEM_TEST_REDIS_URL"),
};

pub(crate) const CLUSTER: Software = Software {
    name: "Redis Cluster",
    programs: &["redis-server"],
    package: "redis-server",
    variable: Some("IDEM_TEST_REDIS_CLUSTER_URLS"),
};

pub(crate) const PGBOUNCER: Software =
    Software { name: "PgBouncer", programs: &["pgbouncer"], package: "pgbouncer", variable: None };

impl Software {
    /// The paths of the programs, in their order. Programs that are missing are installed now, if that is possible.
    pub(crate) fn locate<const N: usize>(&self) -> Result<[PathBuf; N], Missing> {
        let found = || find::all(self.programs).and_then(|paths| paths.try_into().ok());
        if let Some(paths) = found() {
            return Ok(paths);
        }
        let installed = install::package(self.package);
        found().ok_or_else(|| Missing::new(self, installed.into_why()))
    }
}
