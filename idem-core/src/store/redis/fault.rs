//! What Redis said, sorted by the words that its errors begin with.

use redis::{ErrorKind, RedisError, ServerError};

use crate::store::StoreErrorKind;
use crate::store::remote::failure::{DriverFault, Failure};

/// The answer to one command, or what became of a connection.
pub(super) fn fault(error: RedisError, clustered: bool) -> DriverFault {
    match (error.kind(), error.code()) {
        (ErrorKind::ClusterConnectionNotFound, _) => {
            let message = "no node of the Redis Cluster serves this key at the moment";
            DriverFault::Broken(unavailable(message).with_source(error))
        }
        (ErrorKind::Parse | ErrorKind::UnexpectedReturnType, _) => {
            let message = "Redis answered in a form that this version of idem does not know";
            DriverFault::Unread(Failure::new(StoreErrorKind::UnknownFormat, message).with_source(error))
        }
        (_, Some(code)) => {
            let code = known(code, error.detail());
            coded(code, error, clustered)
        }
        _ => DriverFault::Broken(unavailable("the connection to Redis broke").with_source(error)),
    }
}

/// The answer to one command.
pub(super) fn refused(error: ServerError, clustered: bool) -> DriverFault {
    let code = known(error.code(), error.details());
    coded(code, error.into(), clustered)
}

const KNOWN: [&str; 17] = [
    "OOM",
    "READONLY",
    "MOVED",
    "ASK",
    "CROSSSLOT",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "LOADING",
    "MASTERDOWN",
    "BUSY",
    "MISCONF",
    "NOREPLICAS",
    "NOSCRIPT",
    "NOAUTH",
    "WRONGPASS",
    "NOPERM",
    "WRONGTYPE",
];

/// Redis 6.2 wraps what went wrong in a script: `ERR Error running script (…): @user_script: 9: -OOM command not…`.
fn known(code: &str, detail: Option<&str>) -> &'static str {
    let within = || {
        let mut words = detail.unwrap_or_default().split([' ', ':']).map(|word| word.trim_start_matches('-'));
        words.find_map(|word| KNOWN.iter().find(|known| **known == word))
    };
    let same = KNOWN.iter().find(|known| **known == code);
    same.or_else(within).copied().unwrap_or_default()
}

fn coded(code: &'static str, error: RedisError, clustered: bool) -> DriverFault {
    let misconfigured = |message: &str| Failure::new(StoreErrorKind::Misconfigured, message);
    // A cluster's client tries again by itself: what an earlier try did is not known.
    let for_now = |message: &str, error| {
        let failure = unavailable(message).with_source(error);
        if clustered { DriverFault::Broken(failure) } else { DriverFault::Shut(failure) }
    };
    match code {
        "OOM" => DriverFault::Shut(
            Failure::new(
                StoreErrorKind::CapacityExceeded,
                "Redis has reached its maxmemory: raise it, or wait until records expire",
            )
            .with_source(error),
        ),
        "READONLY" => for_now("this Redis is a replica and takes no writes: connect to its master", error),
        "MOVED" | "ASK" | "CROSSSLOT" if !clustered => DriverFault::Shut(
            misconfigured(
                "this Redis is a node of a cluster: open the store with several URLs, or with a ClusterClient",
            )
            .with_source(error),
        ),
        "MOVED" | "ASK" | "TRYAGAIN" => for_now("the Redis Cluster is moving this key to another node", error),
        "CLUSTERDOWN" | "MASTERDOWN" => for_now("a part of Redis is down, and no replica has taken over yet", error),
        "LOADING" | "BUSY" => for_now("Redis is busy: it loads its data, or a client's script runs long", error),
        "MISCONF" => for_now("Redis refuses writes because it cannot save to disk: look at its log", error),
        "NOREPLICAS" => for_now("Redis refuses writes because it has too few replicas (min-replicas-to-write)", error),
        "NOSCRIPT" => for_now("Redis forgets idem's scripts as soon as they are loaded", error),
        "NOAUTH" | "WRONGPASS" => {
            DriverFault::Shut(misconfigured("Redis does not let us in: check user and password").with_source(error))
        }
        "NOPERM" => {
            // "No permissions to access a key", "… to access one of the keys used as arguments".
            let key = error.detail().is_some_and(|detail| detail.contains("to access"));
            DriverFault::Shut(misconfigured(if key { DENIED_KEY } else { DENIED }).with_source(error))
        }
        "WRONGTYPE" => DriverFault::Refused(
            misconfigured("a value that is not idem's lies at one of idem's keys: choose another prefix")
                .with_source(error),
        ),
        _ if error.detail().is_some_and(is_too_long) => DriverFault::Refused(
            Failure::new(
                StoreErrorKind::Unstorable,
                "the reply is more than Redis takes: raise its proto-max-bulk-len, or cap replies",
            )
            .with_source(error),
        ),
        _ => DriverFault::Refused(
            misconfigured("Redis refused the command: is it Redis 6.2 or newer, or Valkey?").with_source(error),
        ),
    }
}

/// `ERR Protocol error: invalid bulk length`, `ERR string exceeds maximum allowed size (proto-max-bulk-len)`.
fn is_too_long(detail: &str) -> bool {
    detail.contains("invalid bulk length") || detail.contains("maximum allowed size")
}

/// Said of a user whose rights were taken after the store was opened.
const DENIED: &str = "this user may not do what idem needs: open the store again to be told what it lacks";

const DENIED_KEY: &str =
    "this user may not use a key that idem needs: open the store again to be told what it lacks";

/// Why a user was denied a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    Command,
    Key,
}

/// `None` where it was not denied.
pub(super) fn denied(fault: &DriverFault) -> Option<Denied> {
    // Only errors of missing rights have these texts.
    let failure = fault.failure();
    [(DENIED, Denied::Command), (DENIED_KEY, Denied::Key)]
        .into_iter()
        .find_map(|(message, denied)| failure.says(message).then_some(denied))
}

/// Of the attempt to connect.
pub(super) fn unreached(error: RedisError) -> DriverFault {
    let text = error.to_string();
    let failure = if error.kind() == ErrorKind::AuthenticationFailed
        || ["NOAUTH", "WRONGPASS", "NOPERM"].iter().any(|code| text.contains(code))
    {
        Failure::new(
            StoreErrorKind::Misconfigured,
            "Redis does not let us in: check user and password, and the user's rights",
        )
    } else if text.contains("cluster support disabled") {
        Failure::new(
            StoreErrorKind::Misconfigured,
            "this Redis is not a cluster: open the store with its one URL, or with a Client",
        )
    } else if text.contains("max number of clients") {
        // Also `max number of clients + cluster connections reached`.
        unavailable("Redis has no connection left: raise maxclients, or lower `concurrency`")
    } else if text.contains("LOADING") {
        unavailable("Redis is starting and loads its data: try again soon")
    } else if error.kind() == ErrorKind::InvalidClientConfig {
        Failure::new(StoreErrorKind::Misconfigured, "the address of Redis cannot be used")
    } else if error.is_connection_dropped() && !error.is_connection_refusal() {
        // Redis says why, but the client, which has sent more, loses that with the connection.
        unavailable(
            "Redis closed the connection at once: if it has no connection left, raise maxclients, or lower `concurrency`",
        )
    } else {
        unavailable("Redis cannot be reached")
    };
    DriverFault::Unreached(failure.with_source(error))
}

/// Fewer replicas than asked for have it: it is not known to outlive a fail-over.
pub(super) fn short(confirmed: i64, wanted: u32) -> DriverFault {
    DriverFault::Broken(Failure::new(
        StoreErrorKind::Undecided,
        format!(
            "{confirmed} of {wanted} replicas confirmed the write in time: repeat it, and look after the replicas"
        ),
    ))
}

pub(super) fn is_short(fault: &DriverFault) -> bool {
    // Only too few replicas make an error of this kind here.
    fault.failure().kind() == StoreErrorKind::Undecided
}

/// An answer that none of the scripts gives.
pub(super) fn odd() -> DriverFault {
    let message = "Redis answered in a form that this version of idem does not know";
    DriverFault::Unread(Failure::new(StoreErrorKind::UnknownFormat, message))
}

/// No answer at all.
pub(super) fn gone() -> DriverFault {
    DriverFault::Broken(unavailable("the connection to Redis broke"))
}

fn unavailable(message: &str) -> Failure {
    Failure::new(StoreErrorKind::Unavailable, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_inside_scripts_are_known_by_their_own_code() {
        let wrapped = "Error running script (call to f_6b1): @user_script:12: -OOM command not allowed";
        assert_eq!(known("ERR", Some(wrapped)), "OOM");
        assert_eq!(known("OOM", Some("command not allowed when used memory > 'maxmemory'.")), "OOM");
        assert_eq!(known("ERR", Some("unknown command 'EVALSHA'")), "");
    }

    #[test]
    fn what_redis_takes_no_bytes_of_is_told_from_what_it_does_not_know() {
        assert!(is_too_long("Protocol error: invalid bulk length"));
        assert!(is_too_long("string exceeds maximum allowed size (proto-max-bulk-len)"));
        assert!(!is_too_long("unknown command 'EVALSHA'"));
    }
}
