//! The scripts, and calls of them.
//!
//! Each touches the keys of one bucket only, all of them declared; compares format, state, fence and nonce itself; and
//! can be repeated. Times are the server's, from `TIME`: Redis sends what a script wrote to its replicas and not the
//! script, so scripts may ask for it.

use std::sync::LazyLock;

use redis::{Cmd, Script as Hashed};

/// One of the scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Claim,
    Finish,
    Load,
    Change,
    Renew,
    Due,
    Sweep,
}

impl Script {
    pub(super) const ALL: [Self; 7] =
        [Self::Claim, Self::Finish, Self::Load, Self::Change, Self::Renew, Self::Due, Self::Sweep];

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Claim => include_str!("lua/claim.lua"),
            Self::Finish => include_str!("lua/finish.lua"),
            Self::Load => include_str!("lua/load.lua"),
            Self::Change => include_str!("lua/change.lua"),
            Self::Renew => include_str!("lua/renew.lua"),
            Self::Due => include_str!("lua/due.lua"),
            Self::Sweep => include_str!("lua/sweep.lua"),
        }
    }

    /// A call of it, without arguments yet.
    pub(super) fn call(self, keys: &[&[u8]]) -> Cmd {
        static HASHED: LazyLock<[Hashed; 7]> =
            LazyLock::new(|| Script::ALL.map(|script| Hashed::new(script.text())));
        let mut cmd = Cmd::new();
        cmd.arg("EVALSHA")
            .arg(HASHED.get(self as usize).map_or("", Hashed::get_hash))
            .arg(keys.len())
            .arg(keys);
        cmd
    }

    pub(super) fn load(self) -> Cmd {
        let mut cmd = Cmd::new();
        cmd.arg("SCRIPT").arg("LOAD").arg(self.text());
        cmd
    }
}

/// A command with what it takes to send it, and to send it again.
#[derive(Debug, Clone)]
pub(super) struct ScriptCall {
    pub(super) cmd: Cmd,
    pub(super) slot: u16,
    pub(super) script: Option<Script>,
}
