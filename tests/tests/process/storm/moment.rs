//! When a caller leaves, and how.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use fastrand::Rng;
use rustix::net::sockopt::set_socket_linger;

use crate::support::{Pending, Reply, Request};

/// The longest time that a caller waits before it leaves without an answer.
const PATIENCE: Duration = Duration::from_millis(50);

/// The moment in the life of a request at which its caller leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    /// Part of the head was sent.
    InHead,
    /// The head and part of the body were sent.
    InBody,
    /// The whole request was sent.
    Sent,
    /// Some time after that: before, while or after the handler runs.
    Waiting,
    /// Part of the answer was read.
    InAnswer,
    /// The caller closes its half of the connection after the request, and reads on.
    HalfClosed,
    /// The caller reads the whole answer.
    Never,
}

impl Moment {
    /// Most callers leave while the store or the handler is at work: that is where the order of events matters.
    pub(super) fn draw(rng: &mut Rng) -> Self {
        match rng.u8(..20) {
            0 => Self::InHead,
            1 => Self::InBody,
            2 | 3 => Self::Sent,
            4..=13 => Self::Waiting,
            14 => Self::InAnswer,
            15 => Self::HalfClosed,
            _ => Self::Never,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::InHead => "in the head",
            Self::InBody => "in the body",
            Self::Sent => "after the request",
            Self::Waiting => "within 50 ms",
            Self::InAnswer => "in the answer",
            Self::HalfClosed => "half-closed",
            Self::Never => "never",
        }
    }
}

/// A request that was sent as far as its caller sends it.
#[derive(Debug)]
pub(super) struct Visit {
    connection: TcpStream,
    moment: Moment,
}

impl Visit {
    pub(super) fn begin(request: &Request, to: SocketAddr, moment: Moment, rng: &mut Rng) -> Self {
        let bytes = request.bytes(to);
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        let part = match moment {
            Moment::InHead => rng.usize(1..head),
            Moment::InBody => rng.usize(head..bytes.len()),
            _ => bytes.len(),
        };
        let mut connection = TcpStream::connect(to).expect("the target accepts");
        connection.write_all(&bytes[..part]).expect("the target reads");
        if moment == Moment::HalfClosed {
            connection.shutdown(Shutdown::Write).expect("the connection is open");
        }
        Self { connection, moment }
    }

    /// Leaves when the time has come; or gives the answer, if it came whole.
    pub(super) fn end(mut self, rng: &mut Rng) -> Option<Reply> {
        match self.moment {
            Moment::Never => return Some(Pending::on(self.connection).reply()),
            Moment::HalfClosed => return Pending::on(self.connection).answer(),
            Moment::InHead | Moment::InBody | Moment::Sent => {}
            Moment::Waiting => std::thread::sleep(PATIENCE.mul_f64(rng.f64().powi(2))),
            Moment::InAnswer => {
                let mut part = [0; 64];
                let length = rng.usize(1..=part.len());
                match self.connection.read_exact(&mut part[..length]) {
                    Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
                    _ => {}
                }
            }
        }
        if rng.bool() {
            // The system then resets the connection instead of closing it in order.
            set_socket_linger(&self.connection, Some(Duration::ZERO)).expect("an option of the socket");
        }
        None
    }
}
