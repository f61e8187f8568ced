//! Reads a response body up to a cap, and gives back one that says the same.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame};
use http_body_util::BodyExt;

/// What reading a body gave. `body` is what the caller gets, in every case all of it.
pub(super) enum Collected {
    /// It ended within the cap.
    Whole { bytes: Bytes, body: Body },
    /// It goes on beyond the cap.
    TooLarge { body: Body },
    /// It broke off.
    Broken { body: Body },
}

pub(super) async fn collect(mut body: Body, limit: usize) -> Collected {
    // The usual body is one chunk, known to be all of it.
    if body.size_hint().exact().is_some_and(|len| len <= limit as u64) {
        match body.frame().await {
            None => return Collected::Whole { bytes: Bytes::new(), body },
            Some(Ok(frame)) if body.is_end_stream() && frame.is_data() => {
                let bytes = frame.into_data().unwrap_or_default();
                return Collected::Whole { bytes: bytes.clone(), body: Body::from(bytes) };
            }
            Some(first) => return Box::pin(collect_after(Some(first), body, limit)).await,
        }
    }
    // Boxed, so that the usual case does not carry it.
    Box::pin(collect_after(None, body, limit)).await
}

async fn collect_after(
    mut first: Option<Result<Frame<Bytes>, axum::Error>>,
    mut body: Body,
    limit: usize,
) -> Collected {
    let mut chunks = VecDeque::new();
    let mut len = 0_usize;
    loop {
        let frame = match first.take() {
            Some(first) => Some(first),
            None => body.frame().await,
        };
        match frame {
            None => break,
            Some(Err(error)) => {
                return Collected::Broken {
                    body: Body::new(Again { frames: chunks, then: Then::Break(error) }),
                };
            }
            Some(Ok(frame)) => {
                len = len.saturating_add(frame.data_ref().map_or(0, Bytes::len));
                chunks.push_back(frame);
                if len > limit {
                    return Collected::TooLarge {
                        body: Body::new(Again { frames: chunks, then: Then::Go(body) }),
                    };
                }
            }
        }
    }
    let has_trailers = chunks.iter().any(Frame::is_trailers);
    let bytes = joined(&chunks, len);
    let body = if has_trailers {
        Body::new(Again { frames: chunks, then: Then::Over })
    } else {
        Body::from(bytes.clone())
    };
    Collected::Whole { bytes, body }
}

/// The usual body is one chunk, which is shared, not copied.
fn joined(frames: &VecDeque<Frame<Bytes>>, len: usize) -> Bytes {
    let mut chunks = frames.iter().filter_map(Frame::data_ref);
    match (chunks.next(), chunks.next()) {
        (None, _) => Bytes::new(),
        (Some(only), None) => only.clone(),
        (Some(first), Some(second)) => {
            let mut bytes = BytesMut::with_capacity(len);
            for chunk in [first, second].into_iter().chain(chunks) {
                bytes.extend_from_slice(chunk);
            }
            bytes.freeze()
        }
    }
}

/// Frames that were read already, and what comes after them.
struct Again {
    frames: VecDeque<Frame<Bytes>>,
    then: Then,
}

enum Then {
    Go(Body),
    /// Breaks after one more turn: what was read before must reach the wire first.
    Break(axum::Error),
    Broken(axum::Error),
    /// Nothing comes any more.
    Over,
}

impl HttpBody for Again {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        match std::mem::replace(&mut self.then, Then::Over) {
            Then::Over => Poll::Ready(None),
            Then::Go(mut rest) => {
                let frame = Pin::new(&mut rest).poll_frame(cx);
                self.then = Then::Go(rest);
                frame
            }
            Then::Break(error) => {
                self.then = Then::Broken(error);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Then::Broken(error) => Poll::Ready(Some(Err(error))),
        }
    }
}
