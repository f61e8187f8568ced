//! The server or cluster that keeps the records, and how a call on one of them is made.

use std::time::Duration;

use redis::cluster::ClusterClient;
use redis::{Client, Cmd};

use super::keys::{self, Keys};
use super::pipeline::Wait;
use super::script::{Script, ScriptCall};
use crate::address::Address;

#[derive(Debug)]
pub(super) struct Redis {
    pub(super) target: Target,
    pub(super) keys: Keys,
    /// How long a connection or an answer may take.
    pub(super) timeout: Duration,
    pub(super) wait: Option<Wait>,
}

#[derive(Debug, Clone)]
pub(super) enum Target {
    Server(Box<Client>),
    Cluster(Box<ClusterClient>),
}

impl Redis {
    /// A call of a script on one record.
    pub(super) fn on(&self, script: Script, address: Address) -> ScriptCall {
        let bucket = keys::bucket(address);
        let cmd = script.call(&[&self.keys.record(address), self.keys.index(bucket)]);
        ScriptCall { cmd, slot: self.keys.slot(bucket), script: Some(script) }
    }

    /// A plain command on one record.
    pub(super) fn plain(&self, name: &str, address: Address) -> ScriptCall {
        let mut cmd = Cmd::new();
        cmd.arg(name).arg(self.keys.record(address));
        ScriptCall { cmd, slot: self.keys.slot(keys::bucket(address)), script: None }
    }

    /// What [`Exchange`](crate::store::remote) times by itself is cut a little earlier on a cluster, where one node
    /// that says nothing must not cost the answers of the others.
    pub(super) fn patience(&self) -> Duration {
        self.timeout / 4 * 3
    }

    pub(super) fn touch(&self) -> u8 {
        u8::from(self.wait.is_some())
    }
}
