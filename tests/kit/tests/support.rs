//! Servers to connect to, and polling with a deadline for what has no event.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    ops::Deref,
    time::{Duration, Instant},
};

use idem_testing::servers::{MariaDb, Missing, Postgres, Redis, Server, require};

/// Far more than anything takes.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// Every server that stands alone.
pub(crate) fn all() -> Vec<Box<dyn AsRef<Server>>> {
    fn boxed<S: Deref<Target = Server> + 'static>(
        server: Result<S, Missing>,
    ) -> Option<Box<dyn AsRef<Server>>> {
        struct Owned<S>(S);
        impl<S: Deref<Target = Server>> AsRef<Server> for Owned<S> {
            fn as_ref(&self) -> &Server {
                &self.0
            }
        }
        Some(Box::new(Owned(require(server)?)))
    }
    [boxed(Postgres::start()), boxed(MariaDb::start()), boxed(Redis::start())].into_iter().flatten().collect()
}

/// Polls for what another process does without telling.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {LONG:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What a Redis answers to commands, up to the end of the connection.
pub(crate) fn redis(server: &Server, commands: &str) -> String {
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(format!("{commands}\r\nQUIT\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A PostgreSQL connection that speaks just enough of the protocol.
pub(crate) struct Pg(pub(crate) TcpStream);

impl Pg {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).unwrap()
    }

    pub(crate) fn try_connect(address: SocketAddr) -> io::Result<Self> {
        let mut pg = Self(TcpStream::connect(address)?);
        pg.0.set_read_timeout(Some(LONG))?;
        pg.send(b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0")?;
        pg.answer()?;
        Ok(pg)
    }

    /// The bodies of all messages up to `ReadyForQuery`, as text.
    pub(crate) fn answer(&mut self) -> io::Result<String> {
        let mut text = String::new();
        loop {
            let mut head = [0; 5];
            self.0.read_exact(&mut head)?;
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) - 4;
            let mut body = vec![0; length as usize];
            self.0.read_exact(&mut body)?;
            if head[0] == b'Z' {
                return Ok(text);
            }
            text += &String::from_utf8_lossy(&body);
        }
    }

    pub(crate) fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.0.write_all(message)
    }

    pub(crate) fn ask(&mut self, sql: &str) -> io::Result<String> {
        self.send(&simple(sql))?;
        self.answer()
    }
}

/// A `Query` message.
pub(crate) fn simple(sql: &str) -> Vec<u8> {
    message(b'Q', &[sql.as_bytes(), b"\0"].concat())
}

/// `Parse`, `Bind`, `Execute` and `Sync` of a statement without arguments, each in its own piece.
pub(crate) fn extended(sql: &str) -> [Vec<u8>; 4] {
    [
        message(b'P', &[b"\0", sql.as_bytes(), b"\0\0\0"].concat()),
        message(b'B', b"\0\0\0\0\0\0\0\0"),
        message(b'E', b"\0\0\0\0\0"),
        message(b'S', b""),
    ]
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind], &length.to_be_bytes()[..], body].concat()
}
