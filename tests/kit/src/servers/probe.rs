//! Whether a server answers: the first words of each protocol.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Asks once. The error is what the server said instead.
pub(crate) type Probe = fn(SocketAddr) -> io::Result<()>;

const LIMIT: Duration = Duration::from_secs(2);

/// PostgreSQL: a whole login, up to `ReadyForQuery`.
pub(crate) fn postgres(address: SocketAddr) -> io::Result<()> {
    const HELLO: &[u8] = b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0";
    let mut stream = dial(address)?;
    stream.write_all(HELLO)?;
    loop {
        let [kind, length @ ..] = read::<5>(&mut stream)?;
        let length = u64::from(u32::from_be_bytes(length)).saturating_sub(4);
        let mut body = Vec::new();
        (&mut stream).take(length).read_to_end(&mut body)?;
        match kind {
            b'Z' => return stream.write_all(b"X\0\0\0\x04"),
            b'E' => return Err(io::Error::other(String::from_utf8_lossy(&body).replace('\0', " "))),
            _ => {}
        }
    }
}

/// MariaDB: its greeting, which begins with the version of the protocol.
pub(crate) fn mariadb(address: SocketAddr) -> io::Result<()> {
    match read::<5>(&mut dial(address)?)? {
        [.., 10] => Ok(()),
        greeting => Err(io::Error::other(format!("greeting {greeting:?}"))),
    }
}

/// Redis: a ping. It answers with an error while it loads its data.
pub(crate) fn redis(address: SocketAddr) -> io::Result<()> {
    match &read::<5>(&mut asked(address, "PING")?)? {
        b"+PONG" => Ok(()),
        other => Err(io::Error::other(String::from_utf8_lossy(other))),
    }
}

/// The whole answer of a Redis to a command that is answered with text.
pub(crate) fn redis_text(address: SocketAddr, command: &str) -> io::Result<String> {
    let mut answer = String::new();
    // Redis closes the connection after `QUIT`, so the answer is everything up to the end.
    asked(address, &format!("{command}\r\nQUIT"))?.read_to_string(&mut answer)?;
    Ok(answer)
}

fn asked(address: SocketAddr, command: &str) -> io::Result<TcpStream> {
    let mut stream = dial(address)?;
    stream.write_all(format!("{command}\r\n").as_bytes())?;
    Ok(stream)
}

fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    Ok(stream)
}

fn read<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}
