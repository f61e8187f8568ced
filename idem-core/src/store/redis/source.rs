//! Where a store connects to.

use std::fmt;
use std::time::Duration;

use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::{Client, Cmd, ConnectionAddr, ConnectionInfo, RedisError};

use super::cluster::nodes;
use super::server::Target;
use crate::store::{StoreError, StoreErrorKind};

/// Where a [`RedisStore`](super::RedisStore) connects to.
///
/// - A URL or a [`Client`](redis::Client): one server; or a cluster that this server is a node of, which is noticed.
/// - Several URLs or a [`ClusterClient`](redis::cluster::ClusterClient): a cluster.
#[derive(Clone)]
pub struct RedisSource(ServerSource);

#[derive(Clone)]
enum ServerSource {
    Server(Box<Client>),
    Seeds(Vec<ConnectionInfo>),
    Cluster(Box<ClusterClient>),
    Wrong(RedisError),
}

/// How often the cluster's client asks again by itself. More would only delay the answer: the store repeats the call.
const RETRIES: u32 = 3;
/// Between two tries, in milliseconds.
const PAUSE: std::ops::RangeInclusive<u64> = 10..=200;

impl RedisSource {
    fn seeds<U: AsRef<str>>(urls: impl IntoIterator<Item = U>) -> Self {
        let seeds: Result<_, _> = urls
            .into_iter()
            .map(|url| redis::IntoConnectionInfo::into_connection_info(url.as_ref()))
            .collect();
        Self(seeds.map_or_else(ServerSource::Wrong, ServerSource::Seeds))
    }

    pub(super) async fn target(self, timeout: Duration) -> Result<Target, StoreError> {
        match self.0 {
            ServerSource::Server(client) => detect(*client, timeout).await.map_err(wrong),
            ServerSource::Seeds(seeds) => clustered(seeds, timeout).map_err(wrong),
            ServerSource::Cluster(client) => Ok(Target::Cluster(client)),
            ServerSource::Wrong(error) => Err(wrong(error)),
        }
    }
}

fn wrong(error: RedisError) -> StoreError {
    StoreError::new(
        StoreErrorKind::Misconfigured,
        format!("the address of Redis cannot be used ({error}): write redis://user:password@host:6379"),
    )
    .with_source(error)
}

fn clustered(seeds: Vec<ConnectionInfo>, timeout: Duration) -> Result<Target, RedisError> {
    ClusterClientBuilder::new(seeds)
        .retries(RETRIES)
        .min_retry_wait(*PAUSE.start())
        .max_retry_wait(*PAUSE.end())
        .overall_response_timeout(Some(timeout / 4 * 3))
        .build()
        .map(|client| Target::Cluster(Box::new(client)))
}

/// Whether the server is a node of a cluster. If so, all nodes become seeds: the one that was named may be down when
/// the next connection is made. A server that cannot be asked counts as no node of a cluster; the connection reports
/// the error.
async fn detect(client: Client, timeout: Duration) -> Result<Target, RedisError> {
    let asked = async {
        let config = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(timeout))
            .set_response_timeout(Some(timeout));
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut slots = Cmd::new();
        slots.arg("CLUSTER").arg("SLOTS");
        connection.send_packed_command(&slots).await
    };
    let Ok(slots) = asked.await else { return Ok(Target::Server(Box::new(client))) };
    let first = client.get_connection_info();
    let mut seeds: Vec<ConnectionInfo> =
        nodes(&slots).into_iter().filter_map(|(host, port)| beside(first, host, port)).collect();
    if seeds.is_empty() && !matches!(slots, redis::Value::Array(_)) {
        return Ok(Target::Server(Box::new(client)));
    }
    if seeds.is_empty() {
        seeds.push(first.clone());
    }
    clustered(seeds, timeout)
}

/// Another node, to be reached as this one is.
fn beside(first: &ConnectionInfo, node: Option<String>, at: u16) -> Option<ConnectionInfo> {
    let addr = match first.addr() {
        ConnectionAddr::Tcp(host, _) => ConnectionAddr::Tcp(node.unwrap_or_else(|| host.clone()), at),
        ConnectionAddr::TcpTls { host, insecure, tls_params, .. } => ConnectionAddr::TcpTls {
            host: node.unwrap_or_else(|| host.clone()),
            port: at,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        _ => return None,
    };
    Some(first.clone().set_addr(addr))
}

impl From<&str> for RedisSource {
    fn from(url: &str) -> Self {
        Self(
            Client::open(url)
                .map_or_else(ServerSource::Wrong, |client| ServerSource::Server(Box::new(client))),
        )
    }
}

impl From<&String> for RedisSource {
    fn from(url: &String) -> Self {
        url.as_str().into()
    }
}

impl From<String> for RedisSource {
    fn from(url: String) -> Self {
        url.as_str().into()
    }
}

impl From<&[&str]> for RedisSource {
    fn from(urls: &[&str]) -> Self {
        Self::seeds(urls)
    }
}

impl<const N: usize> From<[&str; N]> for RedisSource {
    fn from(urls: [&str; N]) -> Self {
        Self::seeds(urls)
    }
}

impl From<&[String]> for RedisSource {
    fn from(urls: &[String]) -> Self {
        Self::seeds(urls)
    }
}

impl From<&Vec<String>> for RedisSource {
    fn from(urls: &Vec<String>) -> Self {
        Self::seeds(urls)
    }
}

impl From<Vec<String>> for RedisSource {
    fn from(urls: Vec<String>) -> Self {
        Self::seeds(urls)
    }
}

impl From<Client> for RedisSource {
    fn from(client: Client) -> Self {
        Self(ServerSource::Server(Box::new(client)))
    }
}

impl From<&Client> for RedisSource {
    fn from(client: &Client) -> Self {
        client.clone().into()
    }
}

impl From<ClusterClient> for RedisSource {
    fn from(client: ClusterClient) -> Self {
        Self(ServerSource::Cluster(Box::new(client)))
    }
}

impl From<&ClusterClient> for RedisSource {
    fn from(client: &ClusterClient) -> Self {
        client.clone().into()
    }
}

/// Without addresses: they may hold passwords.
impl fmt::Debug for RedisSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            ServerSource::Server(_) => "RedisSource(server)",
            ServerSource::Seeds(_) | ServerSource::Cluster(_) => "RedisSource(cluster)",
            ServerSource::Wrong(_) => "RedisSource(unusable)",
        })
    }
}
