//! One server of each kind for all tests of a process, started when the first asks; or the one that the environment
//! names.
//!
//! Tests share it: each keeps to names of its own in it, and one that kills, freezes or fills a server starts its own.
//! It goes when the process ends.

use std::{env, sync::OnceLock};

use crate::servers::{Cluster, MariaDb, Missing, Postgres, Redis, software};

/// A PostgreSQL, or what `IDEM_TEST_POSTGRES_URL` names.
pub fn postgres() -> Result<&'static str, &'static Missing> {
    static ONE: Shared<Postgres> = Shared::new();
    ONE.url(software::POSTGRES.variable, Postgres::start, Postgres::url)
}

/// A MariaDB, or what `IDEM_TEST_MYSQL_URL` names.
pub fn mariadb() -> Result<&'static str, &'static Missing> {
    static ONE: Shared<MariaDb> = Shared::new();
    ONE.url(software::MARIADB.variable, MariaDb::start, MariaDb::url)
}

/// A Redis, or what `IDEM_TEST_REDIS_URL` names.
pub fn redis() -> Result<&'static str, &'static Missing> {
    static ONE: Shared<Redis> = Shared::new();
    ONE.url(software::REDIS.variable, Redis::start, Redis::url)
}

/// The nodes of a Redis Cluster, or those that `IDEM_TEST_REDIS_CLUSTER_URLS` names, separated by commas.
pub fn cluster() -> Result<Vec<&'static str>, &'static Missing> {
    static ONE: Shared<Cluster> = Shared::new();
    let urls = ONE.url(software::CLUSTER.variable, Cluster::start, |cluster| cluster.urls().join(","))?;
    Ok(urls.split(',').map(str::trim).collect())
}

/// A server that was started, or one that was there already, and its URL.
struct Shared<S>(OnceLock<Result<(Option<S>, String), Missing>>);

impl<S> Shared<S> {
    const fn new() -> Self {
        Self(OnceLock::new())
    }

    fn url(
        &'static self,
        variable: Option<&str>,
        start: fn() -> Result<S, Missing>,
        url: fn(&S) -> String,
    ) -> Result<&'static str, &'static Missing> {
        let begin =
            || match variable.and_then(|variable| env::var(variable).ok()).filter(|url| !url.is_empty()) {
                Some(url) => Ok((None, url)),
                None => start().map(|server| {
                    let url = url(&server);
                    (Some(server), url)
                }),
            };
        self.0.get_or_init(begin).as_ref().map(|(_, url)| &**url)
    }
}
