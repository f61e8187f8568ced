//! Answers that are large, or come in pieces, or break off.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Query;
use axum::http::{HeaderName, header};
use http_body::Frame;
use idem_core::idempotent;
use serde::Deserialize;

use crate::account::Account;
use crate::run::Run;

/// The longest body that a caller may ask for: a test server must not be talked out of its memory.
const LONGEST: u32 = 256 << 20;

type Text = [(HeaderName, &'static str); 1];
const TEXT: Text = [(header::CONTENT_TYPE, "text/plain")];

#[derive(Debug, Deserialize)]
pub(crate) struct Size {
    bytes: u32,
}

#[idempotent]
pub(crate) async fn large(account: Account, run: Run, size: Query<Size>) -> (Text, Vec<u8>) {
    bare::large(account, run, size).await
}

#[derive(Debug, Deserialize)]
pub(crate) struct Pieces {
    chunks: u32,
    size: u32,
    /// The number, from 1, of the chunk in whose place the body breaks off.
    fail_at: Option<u32>,
}

#[idempotent]
pub(crate) async fn stream(account: Account, run: Run, pieces: Query<Pieces>) -> (Text, Body) {
    bare::stream(account, run, pieces).await
}

/// A body whose length is not known in advance.
#[derive(Debug)]
struct Streamed {
    chunk: Bytes,
    chunks: u32,
    sent: u32,
    fail_at: Option<u32>,
}

/// The break that the caller asked for.
#[derive(Debug)]
struct Broke;

impl std::fmt::Display for Broke {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the stream broke off, as it was asked to")
    }
}

impl std::error::Error for Broke {}

impl HttpBody for Streamed {
    type Data = Bytes;
    type Error = Broke;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broke>>> {
        if self.sent == self.chunks {
            return Poll::Ready(None);
        }
        self.sent += 1;
        if self.fail_at == Some(self.sent) {
            self.sent = self.chunks;
            return Poll::Ready(Some(Err(Broke)));
        }
        Poll::Ready(Some(Ok(Frame::data(self.chunk.clone()))))
    }
}

/// The same without the attribute.
pub(crate) mod bare {
    use super::{Account, Body, LONGEST, Pieces, Query, Run, Size, Streamed, TEXT, Text};

    pub(crate) async fn large(_: Account, run: Run, Query(size): Query<Size>) -> (Text, Vec<u8>) {
        run.begin().await;
        (TEXT, vec![b'x'; size.bytes.min(LONGEST) as usize])
    }

    pub(crate) async fn stream(_: Account, run: Run, Query(pieces): Query<Pieces>) -> (Text, Body) {
        run.begin().await;
        let chunk = vec![b'x'; pieces.size.min(LONGEST) as usize].into();
        let body = Streamed { chunk, chunks: pieces.chunks, sent: 0, fail_at: pieces.fail_at };
        (TEXT, Body::new(body))
    }
}
