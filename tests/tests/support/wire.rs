//! An HTTP/1.1 client that keeps header lines as they came: their order, their repeats, their bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A request, by default a payment of ada's.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: String,
    target: String,
    lines: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

pub(crate) fn post(target: &str) -> Request {
    request("POST", target)
}

pub(crate) fn request(method: &str, target: &str) -> Request {
    Request { method: method.into(), target: target.into(), lines: Vec::new(), body: Vec::new() }
        .header("x-account", "ada")
        .header("content-type", "application/json")
        .body(r#"{"amount":7}"#)
}

impl Request {
    /// One more header line.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.lines.push((name.into(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.lines.retain(|(line, _)| line != name);
        self
    }

    pub(crate) fn account(self, account: &str) -> Self {
        self.without("x-account").header("x-account", account)
    }

    pub(crate) fn content_type(self, content_type: &str) -> Self {
        self.without("content-type").header("content-type", content_type)
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it and leaves the answer to come.
    pub(crate) fn begin(&self, to: SocketAddr) -> Pending {
        self.try_begin(to).expect("the target accepts")
    }

    /// `None` if no process listens there.
    pub(crate) fn try_begin(&self, to: SocketAddr) -> Option<Pending> {
        let mut connection = TcpStream::connect(to).ok()?;
        // A server that refuses early closes while we still send; its answer is there all the same.
        drop(connection.write_all(&self.bytes(to)));
        let bodiless = self.method == "HEAD";
        Some(Pending { bodiless, ..Pending::on(connection) })
    }

    /// Path and query.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    /// The request as it is sent to this address.
    pub(crate) fn bytes(&self, to: SocketAddr) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\nhost: {to}\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.lines {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", self.body.len()).as_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }

    pub(crate) fn send(&self, to: SocketAddr) -> Reply {
        self.begin(to).reply()
    }
}

/// A request whose answer has not been read. Dropping it hangs up.
#[derive(Debug)]
pub(crate) struct Pending {
    connection: TcpStream,
    bodiless: bool,
}

impl Pending {
    /// For a request that was sent on this connection.
    pub(crate) fn on(connection: TcpStream) -> Self {
        connection.set_read_timeout(Some(Duration::from_mins(1))).expect("a timeout can be set");
        Self { connection, bodiless: false }
    }

    pub(crate) fn reply(self) -> Reply {
        self.answer().expect("a whole response head")
    }

    /// `None` if the server hangs up before the end of the head.
    pub(crate) fn answer(self) -> Option<Reply> {
        let bodiless = self.bodiless;
        read(BufReader::new(self.connection), bodiless).ok()
    }
}

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    Cut,
}

/// An answer as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) lines: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) end: End,
}

impl Reply {
    /// The values of all lines of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<&[u8]> {
        self.lines.iter().filter(|(line, _)| line == name).map(|(_, value)| value.as_slice()).collect()
    }

    /// The value of the only line of this name.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        match self.all(name).as_slice() {
            [] => None,
            [value] => Some(std::str::from_utf8(value).expect("a header value that is text")),
            several => panic!("{name} stands {} times", several.len()),
        }
    }

    pub(crate) fn is_replay(&self) -> bool {
        match self.one("idempotent-replayed") {
            None => false,
            Some("true") => true,
            Some(other) => panic!("Idempotent-Replayed: {other}"),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of a problem document.
    #[track_caller]
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.one("content-type"), Some("application/problem+json"), "{self:?}");
        self.json()["code"].as_str().expect("a code").to_owned()
    }

    /// Status and code of a problem document.
    #[track_caller]
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status, self.problem())
    }

    /// Without the lines that belong to one message and not to the operation.
    pub(crate) fn essence(&self) -> Self {
        let mut essence = self.clone();
        let fleeting = ["connection", "date", "x-request-id", "idempotent-replayed"];
        essence.lines.retain(|(name, _)| !fleeting.contains(&name.as_str()));
        essence
    }
}

fn read(mut from: BufReader<TcpStream>, bodiless: bool) -> std::io::Result<Reply> {
    let head = line(&mut from)?;
    let status = std::str::from_utf8(&head).ok().and_then(|head| head.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other(format!("not a status line: {head:?}")))?;
    let mut lines = Vec::new();
    loop {
        let line = line(&mut from)?;
        let Some(colon) = line.iter().position(|b| *b == b':') else { break };
        let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
        lines.push((name, line[colon + 1..].trim_ascii().to_vec()));
    }
    let mut reply = Reply { status, lines, body: Vec::new(), end: End::Whole };
    if bodiless || matches!(status, 204 | 304) {
        return Ok(reply);
    }
    let read = if reply.one("transfer-encoding") == Some("chunked") {
        chunks(&mut from, &mut reply.body)
    } else {
        let length: u64 = reply.one("content-length").map_or(0, |length| length.parse().expect("a length"));
        from.take(length).read_to_end(&mut reply.body).and_then(|read| {
            if read as u64 == length { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
        })
    };
    if read.is_err() {
        reply.end = End::Cut;
    }
    Ok(reply)
}

fn chunks(from: &mut BufReader<TcpStream>, body: &mut Vec<u8>) -> std::io::Result<()> {
    loop {
        let size = line(from)?;
        let size = std::str::from_utf8(&size).ok().and_then(|size| u64::from_str_radix(size, 16).ok());
        let size = size.ok_or_else(|| std::io::Error::other("not a chunk size"))?;
        let read = from.take(size).read_to_end(body)? as u64;
        if read < size {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        line(from)?;
        if size == 0 {
            return Ok(());
        }
    }
}

/// One line without its end.
fn line(from: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\r\n") {
        Some(line) => Ok(line.to_vec()),
        None => Err(std::io::ErrorKind::UnexpectedEof.into()),
    }
}
