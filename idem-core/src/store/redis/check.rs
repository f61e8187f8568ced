//! What a server should be set to, asked when the store is opened.

use redis::{Cmd, Value};

use super::link::Link;
use super::script::ScriptCall;
use crate::store::remote::failure::DriverFault;

/// Warns of a server that throws records away when its memory is full: the key would run again.
pub(super) async fn eviction(link: &mut Link) -> Result<(), DriverFault> {
    for slot in link.masters().await? {
        let mut cmd = Cmd::new();
        cmd.arg("CONFIG").arg("GET").arg("maxmemory-policy");
        match link.put(vec![ScriptCall { cmd, slot, script: None }], None).await.pop() {
            Some(Ok(reply)) => match policy(&reply) {
                Some("noeviction") => {}
                Some(policy) => tracing::warn!(
                    policy,
                    "this Redis evicts records when its memory is full, and their keys run again: set maxmemory-policy \
                     to noeviction"
                ),
                None => unknown(),
            },
            Some(Err(fault @ (DriverFault::Broken(_) | DriverFault::Unreached(_)))) => return Err(fault),
            // Managed servers often hide their settings.
            Some(Err(_)) | None => unknown(),
        }
    }
    Ok(())
}

fn unknown() {
    tracing::debug!(
        "this Redis does not say whether it evicts records when its memory is full: its maxmemory-policy must be \
         noeviction, or keys run again"
    );
}

fn policy(reply: &Value) -> Option<&str> {
    let value = match reply {
        Value::Array(pair) => pair.get(1)?,
        Value::Map(pairs) => &pairs.first()?.1,
        _ => return None,
    };
    match value {
        Value::BulkString(policy) => std::str::from_utf8(policy).ok(),
        Value::SimpleString(policy) => Some(policy),
        _ => None,
    }
}
