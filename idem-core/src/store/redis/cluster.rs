//! Commands on a cluster: those for one node travel together.
//!
//! The client would send a pipeline to the node of its first command. Which slots share a node is asked here, once per
//! connection, so that a batch costs one pipeline for each node, side by side, and with it one `WAIT`, on the
//! connection that wrote. Where slots have moved since, each command goes by itself and the client finds its node.

use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::{Cmd, ErrorKind, Pipeline, RedisError, ServerErrorKind, Value};
use tokio::task::JoinSet;

use super::fault;
use super::pipeline::{Raw, Replies, Wait, faults, loading, missing, pipeline, put_back, sort};
use super::script::ScriptCall;
use crate::store::remote::failure::DriverFault;

pub(super) struct ClusterLink {
    connection: ClusterConnection,
    /// Who serves which slots; empty when that must be asked anew.
    map: Vec<Range>,
}

#[derive(Debug, Clone, Copy)]
struct Range {
    first: u16,
    last: u16,
    /// The first slot of the same master's first range: its name, and a way to reach it.
    master: u16,
}

/// Commands for one node.
#[derive(Clone)]
struct Group {
    slot: u16,
    /// The places of the calls in the batch.
    places: Vec<usize>,
    calls: Vec<ScriptCall>,
}

impl ClusterLink {
    pub(super) const fn new(connection: ClusterConnection) -> Self {
        Self { connection, map: Vec::new() }
    }

    pub(super) async fn masters(&mut self) -> Result<Vec<u16>, DriverFault> {
        self.map.clear();
        self.learn().await.map_err(|error| fault::fault(error, true))?;
        let mut masters: Vec<u16> = self.map.iter().map(|range| range.master).collect();
        masters.sort_unstable();
        masters.dedup();
        Ok(masters)
    }

    pub(super) async fn put(&mut self, calls: Vec<ScriptCall>, wait: Option<Wait>) -> Replies {
        // Without a map each command finds its own way.
        let _ignored = self.learn().await;
        let mut replies: Raw = calls.iter().map(|_| Err(fault::gone())).collect();
        let groups = self.group(calls);
        let moved = self.send(groups, wait, &mut replies).await;
        let alone = moved.into_iter().flat_map(Group::apart).collect();
        let _given_up = self.send(alone, wait, &mut replies).await;
        faults(replies, true)
    }

    /// Gives back the groups whose commands did not belong together.
    async fn send(&mut self, groups: Vec<Group>, wait: Option<Wait>, replies: &mut Raw) -> Vec<Group> {
        let mut moved = Vec::new();
        let mut sent = JoinSet::new();
        let mut groups = groups.into_iter();
        // The last one, often the only one, needs no task.
        let last = groups.next_back();
        for group in groups {
            let connection = self.connection.clone();
            sent.spawn(async move { group.send(connection, wait).await });
        }
        let mut ended = Vec::new();
        if let Some(group) = last {
            ended.push(group.send(self.connection.clone(), wait).await);
        }
        while let Some(result) = sent.join_next().await {
            // Whose task is gone stays without an answer.
            ended.extend(result.ok());
        }
        for (group, result) in ended {
            if result.is_err() {
                self.map.clear();
            }
            match result {
                Ok(raw) => put_back(replies, group.places, raw),
                Err(error) if group.calls.len() > 1 && was_moved(&error) => moved.push(group),
                Err(error) => {
                    let fault = fault::fault(error, true);
                    let again = group.calls.iter().map(|_| Err(fault.clone())).collect();
                    put_back(replies, group.places, again);
                }
            }
        }
        moved
    }

    fn group(&self, calls: Vec<ScriptCall>) -> Vec<Group> {
        let mut groups: Vec<(u16, Group)> = Vec::new();
        for (place, call) in calls.into_iter().enumerate() {
            let slot = call.slot;
            let master = self.map.iter().find(|range| (range.first..=range.last).contains(&slot));
            // Slots below 16384 and masters are told apart by the sign, as it were.
            let name = master.map_or(slot | 0x8000, |range| range.master);
            match groups.iter_mut().find(|(of, _)| *of == name) {
                Some((_, group)) => {
                    group.places.push(place);
                    group.calls.push(call);
                }
                None => groups.push((name, Group { slot, places: vec![place], calls: vec![call] })),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    async fn learn(&mut self) -> Result<(), RedisError> {
        if self.map.is_empty() {
            let mut slots = Cmd::new();
            slots.arg("CLUSTER").arg("SLOTS");
            let anybody = RoutingInfo::SingleNode(SingleNodeRoutingInfo::Random);
            let slots = self.connection.route_command(slots, anybody).await?;
            self.map = ranges(&slots);
        }
        Ok(())
    }
}

impl Group {
    /// Each of its commands by itself.
    fn apart(self) -> impl Iterator<Item = Self> {
        self.places.into_iter().zip(self.calls).map(|(place, call)| Self {
            slot: call.slot,
            places: vec![place],
            calls: vec![call],
        })
    }

    async fn send(
        self,
        mut connection: ClusterConnection,
        wait: Option<Wait>,
    ) -> (Self, Result<Raw, RedisError>) {
        let result = self.put(&mut connection, wait).await;
        (self, result)
    }

    async fn put(&self, connection: &mut ClusterConnection, wait: Option<Wait>) -> Result<Raw, RedisError> {
        let first = pipeline(self.calls.iter().map(|call| call.cmd.clone()), wait);
        let mut replies = Vec::with_capacity(self.calls.len());
        sort(self.route(connection, first).await?, self.calls.len(), wait, &mut replies);
        let missing = missing(&replies);
        if !missing.is_empty() {
            let second = loading(&self.calls, &missing, wait);
            let mut again = Vec::with_capacity(missing.len());
            sort(self.route(connection, second).await?, missing.len(), wait, &mut again);
            put_back(&mut replies, missing, again);
        }
        Ok(replies)
    }

    async fn route(
        &self,
        connection: &mut ClusterConnection,
        pipeline: Pipeline,
    ) -> Result<Vec<Value>, RedisError> {
        let route = SingleNodeRoutingInfo::SpecificNode(Route::new(self.slot, SlotAddr::Master));
        let length = pipeline.len();
        connection.route_pipeline(pipeline, 0, length, route).await
    }
}

fn was_moved(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Server(
            ServerErrorKind::Moved
                | ServerErrorKind::Ask
                | ServerErrorKind::TryAgain
                | ServerErrorKind::CrossSlot
        )
    )
}

/// From `CLUSTER SLOTS`: first slot, last slot, master, replicas.
fn ranges(slots: &Value) -> Vec<Range> {
    let mut masters: Vec<(&Value, u16)> = Vec::new();
    let mut ranges = Vec::new();
    for range in items(slots) {
        let [Value::Int(first), Value::Int(last), master, ..] = items(range) else { continue };
        let (Ok(first), Ok(last)) = (u16::try_from(*first), u16::try_from(*last)) else { continue };
        let known = masters.iter().find(|(known, _)| *known == master).map(|(_, name)| *name);
        let name = known.unwrap_or_else(|| {
            masters.push((master, first));
            first
        });
        ranges.push(Range { first, last, master: name });
    }
    ranges
}

/// The addresses of all nodes in `CLUSTER SLOTS`. A node without a host is the one that was asked.
pub(super) fn nodes(slots: &Value) -> Vec<(Option<String>, u16)> {
    let mut nodes = Vec::new();
    for node in items(slots).iter().flat_map(|range| items(range).iter().skip(2)) {
        let [host, Value::Int(port), ..] = items(node) else { continue };
        let host = match host {
            Value::BulkString(host) => String::from_utf8(host.clone()).ok(),
            Value::SimpleString(host) => Some(host.clone()),
            _ => None,
        };
        let host = host.filter(|host| !host.is_empty() && host != "?");
        if let Ok(port) = u16::try_from(*port)
            && !nodes.contains(&(host.clone(), port))
        {
            nodes.push((host, port));
        }
    }
    nodes
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        _ => &[],
    }
}
