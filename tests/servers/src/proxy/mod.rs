//! A TCP proxy in front of a server, with faults at chosen requests.
//!
//! ```no_run
//! # async fn example(operation: impl AsyncFn()) -> std::io::Result<()> {
//! use idem_servers::{Fault, Proxy};
//!
//! let proxy = Proxy::to("127.0.0.1:5432").await?;
//! let before = proxy.requests();
//! operation().await; // through proxy.addr()
//! let count = proxy.requests() - before;
//! for n in 1..=count {
//!     for fault in Fault::CUTS {
//!         proxy.on_request(n, fault);
//!         operation().await; // and what it left behind is as it should be
//!         proxy.fired().await;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What a request is
//!
//! The proxy knows no protocol. A request is a burst: the first bytes that a client sends, and the first that it sends
//! after bytes from the server, with all that follow until the server says something again. Where a client waits for
//! the answer before it asks the next, that is exactly a round trip, in however many packets: a PostgreSQL
//! `Parse`/`Bind`/`Execute`/`Sync` is one. A goodbye that is not answered (`Terminate`, `COM_QUIT`) counts as well.
//! It is not exact where requests overlap on a connection, or where the server speaks unasked in the middle of one.

mod door;
mod fault;
mod handle;
mod link;
mod script;

pub use fault::Fault;
pub use handle::Proxy;
