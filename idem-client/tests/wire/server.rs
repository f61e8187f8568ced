//! A server that does what a script says, byte by byte.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What to do with one connection. Each carries one request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Read the request, write these bytes, close.
    Reply(String),
    /// Close without reading.
    Refuse,
    /// Read the request, then close.
    Drop,
    /// Read the request, then answer nothing until the client gives up.
    Stall,
}

/// One request as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn key(&self) -> Option<&str> {
        self.header("idempotency-key")
    }
}

pub(crate) struct Server {
    address: std::net::SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// The n-th connection gets the n-th act; the last act is repeated.
    pub(crate) async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        let script: Vec<Act> = script.into_iter().collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            for n in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(play(stream, script[n.min(script.len() - 1)].clone(), Arc::clone(&log)));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests that were read to their end, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// The URL of a port that no process listens on.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}

pub(crate) fn reply(status: u16, lines: &[&str], body: &str) -> Act {
    let lines = lines.iter().fold(String::new(), |lines, line| lines + line + "\r\n");
    let length = body.len();
    Act::Reply(format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{lines}\r\n{body}"
    ))
}

pub(crate) fn status(status: u16) -> Act {
    reply(status, &[], "")
}

pub(crate) fn problem(status: u16, code: &str) -> Act {
    reply(status, &["content-type: application/problem+json"], &format!(r#"{{"code":"{code}"}}"#))
}

/// Promises ten bytes and sends four.
pub(crate) fn truncated(status: u16) -> Act {
    Act::Reply(format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: 10\r\n\r\nhalf"))
}

async fn play(mut stream: TcpStream, act: Act, log: Arc<Mutex<Vec<Seen>>>) {
    if matches!(act, Act::Refuse) {
        return;
    }
    let Some(seen) = read(&mut stream).await else { return };
    log.lock().unwrap().push(seen);
    match act {
        Act::Reply(bytes) => {
            stream.write_all(bytes.as_bytes()).await.ok();
            stream.shutdown().await.ok();
            // Wait for the client's end, so that closing cannot cut the reply off.
            stream.read_to_end(&mut Vec::new()).await.ok();
        }
        Act::Stall => drop(stream.read_to_end(&mut Vec::new()).await),
        Act::Refuse | Act::Drop => {}
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, n)| n.parse().unwrap());
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen { line, headers, body })
}
