//! A caller: one request, sent again with the same key.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const REQUEST: &str = "POST /payments HTTP/1.1\r\nhost: shop\r\nx-account: acme\r\nidempotency-key: order-17\r\n\
     content-type: text/plain\r\ncontent-length: 4\r\nconnection: close\r\n\r\n1200";

/// What the caller got.
#[derive(PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) replayed: bool,
    pub(crate) body: String,
    /// The field Retry-After.
    pub(crate) retry_after: Option<Duration>,
}

impl Answer {
    /// The code of a refusal.
    pub(crate) fn code(&self) -> Option<&str> {
        self.body.split_once("\"code\":\"")?.1.split('"').next()
    }

    fn read(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let fields: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
        let field = |name: &str| fields.iter().find(|(field, _)| *field == name).map(|(_, value)| *value);
        let retry_after = field("retry-after").and_then(|value| value.parse().ok()).map(Duration::from_secs);
        let replayed = field("idempotent-replayed") == Some("true");
        Some(Self { status, replayed, body: body.to_owned(), retry_after })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let replayed = if self.replayed { ", replayed" } else { "" };
        write!(f, "{} {:?}{replayed}", self.status, self.code().unwrap_or(&self.body))
    }
}

/// Sends the request; `None` if the service is gone before it answers.
pub(crate) fn post(service: SocketAddr) -> io::Result<Option<Answer>> {
    let mut stream = TcpStream::connect(service)?;
    let mut text = String::new();
    // A service that dies breaks the connection.
    let read = stream.write_all(REQUEST.as_bytes()).and_then(|()| stream.read_to_string(&mut text));
    Ok(read.ok().and_then(|_| Answer::read(&text)))
}

/// Sends the request until no other run has the key, each time as late as the service says.
pub(crate) fn settled(service: SocketAddr) -> io::Result<Answer> {
    loop {
        let answer = post(service)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if answer.code() != Some("request-in-progress") {
            return Ok(answer);
        }
        std::thread::sleep(answer.retry_after.unwrap_or_default());
    }
}
