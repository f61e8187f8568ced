//! Requests per second over keep-alive connections: the bare handler against the idempotent one.
//!
//! One thread serves, one asks, 32 connections in a closed loop, bodies of 1 KiB both ways. Each round runs the three
//! loads in turn.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Scope, idempotent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::stats::Median;

const ROUNDS: usize = 21;
const ROUND: Duration = Duration::from_millis(300);
const CONNECTIONS: u64 = 32;
const BODY: usize = 1024;
/// Keys that the replay load goes round.
const KNOWN: u64 = 1024;

async fn bare(body: Bytes) -> (StatusCode, Bytes) {
    (StatusCode::CREATED, body)
}

#[idempotent]
async fn safe(body: Bytes) -> (StatusCode, Bytes) {
    (StatusCode::CREATED, body)
}

pub(crate) fn run() {
    let address = serve();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let fresh = Keys { next: Arc::new(AtomicU64::new(1 << 32)), known: u64::MAX };
        let known = Keys { next: Arc::default(), known: KNOWN };
        // Fills the known keys, and warms up.
        load(address, "/safe", &known).await;
        let (mut first, mut replay, mut rate) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let bare = load(address, "/bare", &fresh).await;
            first.push(load(address, "/safe", &fresh).await / bare);
            replay.push(load(address, "/safe", &known).await / bare);
            rate.push(bare);
        }
        println!("HTTP on the memory store, {CONNECTIONS} connections, bodies of {BODY} bytes");
        println!("  bare handler            {:.0} requests/s", Median::of(rate).mid());
        println!("  first call, of bare     {}", Median::of(first));
        println!("  replay, of bare         {}", Median::of(replay));
    });
}

/// Where a load takes its keys from.
#[derive(Clone)]
struct Keys {
    next: Arc<AtomicU64>,
    /// How many different ones there are.
    known: u64,
}

impl Keys {
    fn next(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed) % self.known
    }
}

fn serve() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let store = MemoryStore::builder().max_records(100_000_000).build();
            let idem = Idem::builder(store).scope(Scope::header("x-account")).build();
            let safe = Router::new().route("/safe", post(safe)).layer(idem.layer());
            let app = Router::new().route("/bare", post(bare)).merge(safe);
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            tell.send(listener.local_addr().expect("an address")).expect("the bench waits");
            axum::serve(listener, app).await.expect("a server");
        });
    });
    told.recv().expect("the server starts")
}

/// Requests per second.
async fn load(address: SocketAddr, path: &'static str, keys: &Keys) -> f64 {
    let begun = Instant::now();
    let mut connections = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        connections.spawn(connection(address, path, begun + ROUND, keys.clone()));
    }
    let done: u64 = connections.join_all().await.into_iter().sum();
    #[allow(clippy::cast_precision_loss)]
    let done = done as f64;
    done / begun.elapsed().as_secs_f64()
}

async fn connection(address: SocketAddr, path: &'static str, until: Instant, keys: Keys) -> u64 {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    let body = vec![b'x'; BODY];
    let mut request = Vec::new();
    let mut answer = vec![0; 4096];
    let mut done = 0;
    while Instant::now() < until {
        request.clear();
        request.extend_from_slice(
            format!(
                "POST {path} HTTP/1.1\r\nhost: bench\r\nx-account: acme\r\nidempotency-key: 01923e7a-{:016x}\r\ncontent-length: {BODY}\r\n\r\n",
                keys.next()
            )
            .as_bytes(),
        );
        request.extend_from_slice(&body);
        stream.write_all(&request).await.expect("a request goes out");
        let mut read = 0;
        loop {
            read += stream.read(answer.get_mut(read..).expect("room")).await.expect("an answer");
            let got = answer.get(..read).unwrap_or_default();
            if let Some(head) = got.windows(4).position(|w| w == b"\r\n\r\n") {
                assert!(got.starts_with(b"HTTP/1.1 201"), "{}", String::from_utf8_lossy(got));
                if read == head + 4 + BODY {
                    break;
                }
            }
        }
        done += 1;
    }
    done
}
