//! The servers that tests for every store run on.

use std::sync::Arc;
use std::time::Duration;

use idem_core::store::Store;
use idem_core::store::postgres::PostgresStore;
use idem_servers::{require, shared};

use crate::support::fresh_name;

/// A kind of store, and the server under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Postgres,
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
        };
        Some(self.at(url))
    }

    /// On a server of the test's own.
    pub(crate) fn at(self, url: &str) -> Place {
        Place { server: self, url: url.to_owned(), name: fresh_name() }
    }
}

impl Place {
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
        }
    }
}

/// One test for each server: `on_every_server!(module::of::tests { case … })`, where a case is an
/// `async fn(Place)`.
macro_rules! on_every_server {
    ($($case:ident)*) => {
        $crate::servers::on_every_server!(@ postgres Postgres $($case)*);
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
