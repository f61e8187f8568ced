//! A port for a server that will be stopped and started again.
//!
//! It lies below the range from which the system gives ports to outgoing connections. Inside it, a client that dials a
//! stopped server could be given the server's own port and reach itself.

use std::{
    hash::{BuildHasher, RandomState},
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use crate::servers::Failure;

const FIRST: u16 = 10_240;
/// With [`BUS`] still below 32768, where Linux begins to give ports away.
const LAST: u16 = 22_000;
/// How far above its port a node of a Redis Cluster talks to the others.
pub(crate) const BUS: u16 = 10_000;

/// A port that is free now, and the one [`BUS`] above it too. Another process may be faster to use it: then the server
/// does not start, and gets another.
pub(crate) fn free(server: &'static str) -> Result<SocketAddr, Failure> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..200 {
        // A fresh `RandomState` is the randomness that std has.
        let random = RandomState::new().hash_one(std::process::id());
        let span = u64::from(LAST - FIRST);
        let port = FIRST + u16::try_from(random % span).unwrap_or_default();
        let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        match free(port).and_then(|_held| free(port + BUS)) {
            Ok(_) => return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
            Err(error) => last = error,
        }
    }
    Err(Failure { server, cause: last.into(), log: String::new() })
}
