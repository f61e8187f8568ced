//! Commands that travel together, and what each of them gets.

use std::time::Duration;

use redis::{Cmd, Pipeline, Value};

use super::fault;
use super::script::{Script, ScriptCall};
use crate::store::remote::failure::DriverFault;

/// How many replicas must have the writes before they count, and how long they may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wait {
    pub(super) replicas: u32,
    pub(super) timeout: Duration,
}

pub(super) type Replies = Vec<Result<Value, DriverFault>>;

/// Replies that may still hold errors of the server.
pub(super) type Raw = Vec<Result<Value, DriverFault>>;

pub(super) fn pipeline(cmds: impl Iterator<Item = Cmd>, wait: Option<Wait>) -> Pipeline {
    let mut pipeline = Pipeline::with_capacity(cmds.size_hint().0 + 1);
    for cmd in cmds {
        pipeline.add_command(cmd);
    }
    if let Some(wait) = wait {
        let millis = u64::try_from(wait.timeout.as_millis()).unwrap_or(u64::MAX);
        // 0 would mean: for ever.
        pipeline.cmd("WAIT").arg(wait.replicas).arg(millis.max(1));
    }
    pipeline
}

/// The calls that failed for want of their script, after the scripts themselves: a server that was restarted, or took
/// over, has none.
pub(super) fn loading(calls: &[ScriptCall], missing: &[usize], wait: Option<Wait>) -> Pipeline {
    let again = || missing.iter().filter_map(|at| calls.get(*at));
    let wanted = |script: &Script| again().any(|call| call.script == Some(*script));
    let scripts = Script::ALL.into_iter().filter(wanted).map(Script::load);
    pipeline(scripts.chain(again().map(|call| call.cmd.clone())), wait)
}

/// The replies of the last `calls` commands, each held back if too few replicas confirmed them.
pub(super) fn sort(mut values: Vec<Value>, calls: usize, wait: Option<Wait>, replies: &mut Raw) {
    let confirmed = wait.map(|wait| match values.pop() {
        Some(Value::Int(replicas)) if replicas >= i64::from(wait.replicas) => Ok(()),
        Some(Value::Int(replicas)) => Err(fault::short(replicas, wait.replicas)),
        Some(Value::ServerError(error)) => Err(fault::refused(error, true)),
        _ => Err(fault::odd()),
    });
    let first = values.len().saturating_sub(calls);
    let before = replies.len();
    replies.extend(values.drain(first..).map(|value| match &confirmed {
        // Nothing was written, so there is nothing to confirm.
        _ if matches!(value, Value::ServerError(_)) => Ok(value),
        Some(Err(fault)) => Err(fault.clone()),
        Some(Ok(())) | None => Ok(value),
    }));
    // A server that answers less than it was asked.
    replies.resize_with(before + calls, || Err(fault::odd()));
}

/// Where a script was missing.
pub(super) fn missing(replies: &Raw) -> Vec<usize> {
    let unknown = |reply: &Result<Value, DriverFault>| match reply {
        Ok(Value::ServerError(error)) => error.code() == "NOSCRIPT",
        _ => false,
    };
    replies.iter().enumerate().filter(|(_, reply)| unknown(reply)).map(|(at, _)| at).collect()
}

pub(super) fn put_back(replies: &mut Raw, places: Vec<usize>, again: Raw) {
    for (at, reply) in places.into_iter().zip(again) {
        if let Some(place) = replies.get_mut(at) {
            *place = reply;
        }
    }
}

/// Errors of the server become faults.
pub(super) fn faults(replies: Raw, clustered: bool) -> Replies {
    let fault = |reply: Result<Value, DriverFault>| match reply {
        Ok(Value::ServerError(error)) => Err(fault::refused(error, clustered)),
        reply => reply,
    };
    replies.into_iter().map(fault).collect()
}
