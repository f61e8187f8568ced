//! The account a server runs under, where it refuses to be root.

use std::process::Command;

use crate::servers::{Cause, Failure};

/// Who runs the server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Account {
    /// The user who runs the test.
    Own,
    /// Another user.
    Other { user: u32, group: u32 },
}

/// Whether the test runs as root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

impl Account {
    /// Own, or that of `user` if own is root's.
    pub(crate) fn unless_root(server: &'static str, user: &'static str) -> Result<Self, Failure> {
        if !is_root() {
            return Ok(Self::Own);
        }
        match (id("-u", user), id("-g", user)) {
            (Some(user), Some(group)) => Ok(Self::Other { user, group }),
            _ => Err(Failure { server, cause: Cause::NoUser(user), log: String::new() }),
        }
    }
}

fn id(which: &str, user: &str) -> Option<u32> {
    let output = Command::new("id").args([which, user]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
