//! A connection that carries whole messages.

use std::io::{Error, ErrorKind};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::message::{Kind, Measured, measure};

/// One connection, and what has come in on it beyond the last message.
#[derive(Debug)]
pub(crate) struct Line<S> {
    stream: S,
    buffer: BytesMut,
}

impl<S> Line<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, buffer: BytesMut::new() }
    }

    pub(crate) fn into_stream(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    /// The next message, byte for byte; `None` if the other side hung up after the last one.
    ///
    /// # Errors
    /// [`ErrorKind::UnexpectedEof`] if it hung up within one, [`ErrorKind::InvalidData`] for what is not HTTP/1.1 or
    /// does not tell its length, and what the connection itself says.
    ///
    /// # Cancel safety
    /// Nothing is lost: what came in stays for the next call.
    pub(crate) async fn next(&mut self, kind: Kind) -> Result<Option<Bytes>, Error> {
        loop {
            if let Measured::Length(length) = measure(kind, &self.buffer)?
                && length <= self.buffer.len()
            {
                return Ok(Some(self.buffer.split_to(length).freeze()));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return if self.buffer.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// Returns once the other side has hung up. What comes in before that is kept for [`next`](Self::next).
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn gone(&mut self) {
        while self.stream.read_buf(&mut self.buffer).await.is_ok_and(|read| read > 0) {}
    }

    /// Sends these bytes.
    ///
    /// # Errors
    /// What the connection says.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &[u8] = b"POST /payments HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n{\"a\":";
    const SECOND: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

    /// What a line makes of `parts` when no read gives more than `most` bytes.
    async fn received(parts: &[&[u8]], most: usize) -> (Vec<Bytes>, Option<ErrorKind>) {
        let (mut there, here) = tokio::io::duplex(most);
        let bytes = parts.concat();
        let writer = tokio::spawn(async move { there.write_all(&bytes).await });
        let mut line = Line::new(here);
        let mut messages = Vec::new();
        let end = loop {
            match line.next(Kind::Request).await {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break None,
                Err(error) => break Some(error.kind()),
            }
        };
        writer.await.unwrap().unwrap();
        (messages, end)
    }

    #[tokio::test]
    async fn messages_are_found_wherever_the_reads_split_them() {
        for most in 1..=FIRST.len() + SECOND.len() {
            let (messages, end) = received(&[FIRST, SECOND], most).await;
            assert_eq!((messages, end), (vec![Bytes::from(FIRST), Bytes::from(SECOND)], None), "{most}");
        }
    }

    #[tokio::test]
    async fn a_message_that_breaks_off_is_an_error() {
        for cut in 1..FIRST.len() {
            let (messages, end) = received(&[SECOND, &FIRST[..cut]], 7).await;
            assert_eq!((messages.len(), end), (1, Some(ErrorKind::UnexpectedEof)), "{cut}");
        }
    }

    #[tokio::test]
    async fn nothing_is_lost_when_a_read_is_dropped() {
        let (mut there, here) = tokio::io::duplex(1024);
        let mut line = Line::new(here);
        there.write_all(&FIRST[..30]).await.unwrap();
        // Polled once: it takes the thirty bytes and waits for more.
        tokio::select! {
            biased;
            _ = line.next(Kind::Request) => panic!("half a message is none"),
            () = std::future::ready(()) => {}
        }
        there.write_all(&FIRST[30..]).await.unwrap();
        assert_eq!(line.next(Kind::Request).await.unwrap().as_deref(), Some(FIRST));
    }
}
