//! A connection, to one server or to a cluster, and how commands travel on it.

use std::fmt;

use redis::Pipeline;
use redis::aio::MultiplexedConnection;

use super::cluster::ClusterLink;
use super::fault;
use super::pipeline::{Raw, Replies, Wait, faults, loading, missing, pipeline, put_back, sort};
use super::script::ScriptCall;
use crate::store::remote::failure::DriverFault;

pub(super) enum Link {
    Server(MultiplexedConnection),
    Cluster(ClusterLink),
}

impl Link {
    /// Sends the calls together. What each got, in order: they fail and succeed one by one.
    pub(super) async fn put(&mut self, calls: Vec<ScriptCall>, wait: Option<Wait>) -> Replies {
        if calls.is_empty() {
            return Vec::new();
        }
        match self {
            Self::Server(connection) => on_server(connection, calls, wait).await,
            Self::Cluster(link) => link.put(calls, wait).await,
        }
    }

    /// The masters, each by one of the slots that it serves; 0 for a single server.
    pub(super) async fn masters(&mut self) -> Result<Vec<u16>, DriverFault> {
        match self {
            Self::Server(_) => Ok(vec![0]),
            Self::Cluster(link) => link.masters().await,
        }
    }
}

async fn on_server(
    connection: &mut MultiplexedConnection,
    calls: Vec<ScriptCall>,
    wait: Option<Wait>,
) -> Replies {
    let mut replies = Vec::with_capacity(calls.len());
    let pipeline = pipeline(calls.iter().map(|call| call.cmd.clone()), wait);
    send_to_server(connection, &pipeline, calls.len(), wait, &mut replies).await;
    let missing = missing(&replies);
    if !missing.is_empty() {
        let pipeline = loading(&calls, &missing, wait);
        let mut again = Vec::with_capacity(missing.len());
        send_to_server(connection, &pipeline, missing.len(), wait, &mut again).await;
        put_back(&mut replies, missing, again);
    }
    faults(replies, false)
}

async fn send_to_server(
    connection: &mut MultiplexedConnection,
    pipeline: &Pipeline,
    calls: usize,
    wait: Option<Wait>,
    replies: &mut Raw,
) {
    match connection.send_packed_commands(pipeline, 0, pipeline.len()).await {
        Ok(values) => sort(values, calls, wait, replies),
        Err(error) => {
            let fault = fault::fault(error, false);
            replies.extend((0..calls).map(|_| Err(fault.clone())));
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server(_) => "Link(server)",
            Self::Cluster(_) => "Link(cluster)",
        })
    }
}
