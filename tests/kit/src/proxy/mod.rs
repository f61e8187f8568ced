//! A TCP proxy in front of a server, with faults at chosen requests.
//!
//! ```
//! use std::io::{BufRead, BufReader, Write};
//! use std::net::{SocketAddr, TcpListener, TcpStream};
//!
//! use idem_testing::proxy::{Fault, Proxy};
//!
//! // In the place of a database: answers each line with itself.
//! let server = TcpListener::bind("127.0.0.1:0").unwrap();
//! let address = server.local_addr().unwrap();
//! std::thread::spawn(move || {
//!     for mut client in server.incoming().map_while(Result::ok) {
//!         for line in BufReader::new(client.try_clone().unwrap()).lines().map_while(Result::ok) {
//!             if writeln!(client, "{line}").is_err() {
//!                 break;
//!             }
//!         }
//!     }
//! });
//!
//! // The operation under test: two round trips.
//! fn operation(server: SocketAddr) -> std::io::Result<()> {
//!     let mut stream = TcpStream::connect(server)?;
//!     for line in ["begin\n", "commit\n"] {
//!         stream.write_all(line.as_bytes())?;
//!         if BufReader::new(&stream).read_line(&mut String::new())? == 0 {
//!             return Err(std::io::ErrorKind::UnexpectedEof.into());
//!         }
//!     }
//!     Ok(())
//! }
//!
//! # tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(async {
//! let proxy = Proxy::to(address).await.unwrap();
//! let at = proxy.addr();
//! let run = async || tokio::task::spawn_blocking(move || operation(at)).await.unwrap();
//! run().await.unwrap();
//! assert_eq!(proxy.requests(), 2);
//! for n in 1..=2 {
//!     for fault in Fault::CUTS {
//!         proxy.on_request(n, fault);
//!         run().await.unwrap_err(); // and what it left behind is as it should be
//!         proxy.fired().await;
//!     }
//! }
//! # });
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
