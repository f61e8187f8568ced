//! What a user may do, found when the store opens: all that is missing is told at once, with the line that grants it.

use redis::{Cmd, Value};

use super::fault::{self, Denied};
use super::link::Link;
use super::script::{Script, ScriptCall};
use super::server::{Redis, Target};
use crate::store::StoreErrorKind;
use crate::store::remote::failure::{DriverFault, Failure};

/// A bucket as good as any.
const BUCKET: usize = 0;

/// Asks for each command that the scripts and the store use, in a form that changes nothing: on a key at which nothing
/// lies, and where a command would write, only over what is there. Redis looks at the rights first.
pub(super) async fn check(redis: &Redis, link: &mut Link) -> Result<(), DriverFault> {
    let index = redis.keys.index(BUCKET);
    let nothing = [index, b"rights"].concat();
    let command = |words: Vec<&[u8]>| {
        let mut cmd = Cmd::new();
        cmd.arg(words);
        cmd
    };
    let mut run = Script::Load.call(&[&nothing, index]);
    run.arg(0);
    let scripts = [("+script|load", Script::Load.load()), ("+evalsha", run)];
    let asked = probes(index, &nothing, redis.wait.is_some());
    let asked = asked.into_iter().map(|(grant, words)| (grant, command(words)));
    let mut denied: Vec<&str> = Vec::new();
    let mut keys = false;
    for (grant, cmd) in asked.chain(scripts) {
        match ask(redis, link, cmd).await? {
            Some(Denied::Command) => denied.push(grant),
            Some(Denied::Key) => keys = true,
            None => {}
        }
    }
    if denied.is_empty() && !keys {
        return Ok(());
    }
    // A user of all keys takes no other pattern.
    let pattern = keys.then(|| redis.keys.grant());
    let lacks: Vec<&str> = pattern.as_deref().into_iter().chain(denied).collect();
    Err(refused(redis, link, &lacks).await)
}

type Probe<'k> = (&'static str, Vec<&'k [u8]>);

fn probes<'k>(index: &'k [u8], nothing: &'k [u8], waits: bool) -> Vec<Probe<'k>> {
    let mut probes: Vec<Probe<'k>> = vec![
        ("+get", vec![b"GET", nothing]),
        ("+set", vec![b"SET", nothing, b"", b"XX"]),
        ("+del", vec![b"DEL", nothing]),
        ("+getrange", vec![b"GETRANGE", nothing, b"0", b"0"]),
        ("+setrange", vec![b"SETRANGE", nothing, b"0", b""]),
        ("+zadd", vec![b"ZADD", index, b"XX", b"0", b""]),
        ("+zrem", vec![b"ZREM", index, b""]),
        ("+zrangebyscore", vec![b"ZRANGEBYSCORE", index, b"1", b"0"]),
        ("+time", vec![b"TIME"]),
        ("+scan", vec![b"SCAN", b"0", b"COUNT", b"1"]),
    ];
    if waits {
        probes.push(("+wait", vec![b"WAIT", b"0", b"1"]));
    }
    probes
}

/// What the user may not do, if that is why it was denied.
async fn ask(redis: &Redis, link: &mut Link, cmd: Cmd) -> Result<Option<Denied>, DriverFault> {
    let call = ScriptCall { cmd, slot: redis.keys.slot(BUCKET), script: None };
    match link.put(vec![call], None).await.pop() {
        Some(Err(fault)) if fault::denied(&fault).is_some() => Ok(fault::denied(&fault)),
        Some(Err(fault @ (DriverFault::Broken(_) | DriverFault::Unreached(_)))) => Err(fault),
        // What else is wrong, a replica for example, or a script that is not loaded, is told by those who use it.
        _ => Ok(None),
    }
}

async fn refused(redis: &Redis, link: &mut Link, lacks: &[&str]) -> DriverFault {
    let mut whoami = Cmd::new();
    whoami.arg("ACL").arg("WHOAMI");
    let call = ScriptCall { cmd: whoami, slot: redis.keys.slot(BUCKET), script: None };
    let user = match link.put(vec![call], None).await.pop() {
        Some(Ok(Value::BulkString(user))) => String::from_utf8_lossy(&user).into_owned(),
        Some(Ok(Value::SimpleString(user))) => user,
        // It may not ask even that.
        _ => match &redis.target {
            Target::Server(client) => client.get_connection_info().redis_settings().username(),
            Target::Cluster(_) => None,
        }
        .unwrap_or("<user>")
        .to_owned(),
    };
    let message =
        format!("this user may not do all that idem needs: run `ACL SETUSER {user} {}`", lacks.join(" "));
    DriverFault::Shut(Failure::new(StoreErrorKind::Misconfigured, message))
}
