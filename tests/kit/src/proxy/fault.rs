//! What can happen to a request.

/// What happens to one request and its connection. Each happens once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The connection breaks before the request is forwarded: the server never sees it.
    CutBefore,
    /// The request is forwarded as far as it has arrived, then the connection breaks on both sides, and nothing is
    /// waited for: the server may act on it or not, now or later.
    CutAfterSend,
    /// The request is forwarded, and when its reply begins to arrive (or the server hangs up), the connection breaks on
    /// both sides: the server has acted, the client cannot know. A long reply may begin before the server is done.
    SwallowReply,
    /// The request is forwarded, and its reply is held back on an open connection until
    /// [`Proxy::resume`](super::Proxy::resume).
    HoldReply,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::CutBefore, Self::CutAfterSend, Self::SwallowReply, Self::HoldReply];

    /// The kinds that break the connection, which a client notices without a timeout.
    pub const CUTS: [Self; 3] = [Self::CutBefore, Self::CutAfterSend, Self::SwallowReply];
}
