//! The servers that tests for every store run on.

use std::sync::Arc;
use std::time::Duration;

use idem_core::store::Store;
use idem_core::store::mysql::{Dialect, MySqlStore};
use idem_core::store::postgres::PostgresStore;
use idem_core::store::redis::RedisStore;
use idem_testing::servers::{require, shared};

use crate::support::fresh_name;

/// A kind of store, and the server under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Postgres,
    MariaDb,
    /// MySQL's dialect; spoken to a MariaDB, unless the environment names a MySQL.
    MySql,
    Redis,
}

/// Records of the test's own on a shared server.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) server: Server,
    pub(crate) url: String,
    name: String,
}

impl Server {
    pub(crate) fn place(self) -> Option<Place> {
        let url = match self {
            Self::Postgres => require(shared::postgres())?,
            Self::MariaDb | Self::MySql => require(shared::mariadb())?,
            Self::Redis => require(shared::redis())?,
        };
        Some(self.at(url))
    }

    /// On a server of the test's own.
    pub(crate) fn at(self, url: &str) -> Place {
        Place { server: self, url: url.to_owned(), name: fresh_name() }
    }
}

impl Place {
    pub(crate) fn host_port(&self) -> String {
        let (_, rest) = self.url.split_once("://").unwrap();
        let authority = rest.split(['/', '?']).next().unwrap();
        authority.rsplit('@').next().unwrap().to_owned()
    }

    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        self.open_by(&self.url, Duration::from_secs(10)).await
    }

    /// By way of another address, and with another patience.
    pub(crate) async fn open_by(&self, url: &str, timeout: Duration) -> Arc<dyn Store> {
        match self.server {
            Server::Postgres => {
                let builder = PostgresStore::builder(url).table(&self.name).timeout(timeout);
                Arc::new(builder.open().await.unwrap())
            }
            Server::MariaDb | Server::MySql => {
                let dialect = if self.server == Server::MySql { Dialect::MySql } else { Dialect::MariaDb };
                let builder = MySqlStore::builder(url).table(&self.name).timeout(timeout).dialect(dialect);
                Arc::new(builder.open().await.unwrap())
            }
            Server::Redis => {
                let builder = RedisStore::builder(url).prefix(&self.name).timeout(timeout);
                Arc::new(builder.open().await.unwrap())
            }
        }
    }
}

/// Round trips of an operation that travels alone, on a warm connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoundTrips {
    /// Of a claim that is the first of its key.
    pub(crate) fresh: u64,
    /// Of several.
    pub(crate) fresh_batch: u64,
    /// Of a claim that changes nothing.
    pub(crate) known: u64,
    /// Of a claim that changes a record.
    pub(crate) changed: u64,
    /// Of a completion, release or mark as unknown.
    pub(crate) end: u64,
    /// Of one that is not applied now.
    pub(crate) late: u64,
    pub(crate) renewal: u64,
}

impl Server {
    pub(crate) const fn round_trips(self) -> RoundTrips {
        let usual =
            RoundTrips { fresh: 1, fresh_batch: 1, known: 1, changed: 2, end: 1, late: 2, renewal: 1 };
        match self {
            Self::Postgres | Self::MariaDb | Self::Redis => usual,
            Self::MySql => RoundTrips { fresh_batch: 2, known: 2, changed: 3, ..usual },
        }
    }
}

/// One test for each server: `on_every_server!(module::of::tests { case … })`, where a case is an
/// `async fn(Place)`.
macro_rules! on_every_server {
    ($($case:ident)*) => {
        $crate::servers::on_every_server!(@ postgres Postgres $($case)*);
        $crate::servers::on_every_server!(@ mariadb MariaDb $($case)*);
        $crate::servers::on_every_server!(@ mysql_dialect MySql $($case)*);
        $crate::servers::on_every_server!(@ redis Redis $($case)*);
    };
    (@ $module:ident $server:ident $($case:ident)*) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if let Some(place) = $crate::servers::Server::$server.place() {
                        super::$case(place).await;
                    }
                }
            )*
        }
    };
}
pub(crate) use on_every_server;
