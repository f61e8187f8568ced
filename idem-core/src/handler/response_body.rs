//! Reads a response body up to a limit of bytes and one of time, and gives back one that says the same.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_core::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::Instant;

use crate::engine::Config;
use crate::refused::UnavailableResult;

/// How much of a body is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) bytes: usize,
    pub(super) time: Duration,
}

impl Limits {
    /// Of a handler without a layer, of which nothing is kept.
    pub(super) const NONE: Self = Self { bytes: 0, time: Duration::ZERO };

    pub(super) const fn of(config: &Config) -> Self {
        Self { bytes: config.max_response_bytes, time: config.max_response_time }
    }
}

/// What reading a body gave. `body` is what the caller gets, in every case all of it.
pub(super) enum Collected {
    /// The body ended within the limits.
    Whole { bytes: Bytes, trailers: Option<HeaderMap>, body: Body },
    /// The body goes on beyond a limit, or broke off.
    Cut { why: UnavailableResult, body: Body },
}

pub(super) async fn collect(mut body: Body, limits: Limits) -> Collected {
    let until = Instant::now().checked_add(limits.time);
    // The usual body is one chunk, known to be all of it.
    if body.size_hint().exact().is_some_and(|len| len <= limits.bytes as u64) {
        match ready_frame(&mut body).await {
            Poll::Ready(None) => return Collected::Whole { bytes: Bytes::new(), trailers: None, body },
            Poll::Ready(Some(Ok(frame))) if body.is_end_stream() && frame.is_data() => {
                let bytes = frame.into_data().unwrap_or_default();
                return Collected::Whole { bytes: bytes.clone(), trailers: None, body: Body::from(bytes) };
            }
            Poll::Ready(Some(first)) => {
                return Box::pin(collect_after(Some(first), body, limits.bytes, until)).await;
            }
            Poll::Pending => {}
        }
    }
    // Boxed, so that the usual case does not carry it.
    Box::pin(collect_after(None, body, limits.bytes, until)).await
}

type Read = Option<Result<Frame<Bytes>, axum_core::Error>>;

/// The next frame if it is there already.
fn ready_frame(body: &mut Body) -> impl Future<Output = Poll<Read>> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *body).poll_frame(cx)))
}

/// The next frame; `None` if it does not come in time. `until`: without an end if there is none.
async fn frame_by(body: &mut Body, until: Option<Instant>) -> Option<Read> {
    // Most frames are there already: those need no timer, nor a runtime that has one.
    if let Poll::Ready(read) = ready_frame(body).await {
        return Some(read);
    }
    match until {
        Some(until) => tokio::time::timeout_at(until, body.frame()).await.ok(),
        None => Some(body.frame().await),
    }
}

async fn collect_after(mut first: Read, mut body: Body, limit: usize, until: Option<Instant>) -> Collected {
    let mut chunks = VecDeque::new();
    let mut len = 0_usize;
    loop {
        let cut = |why, frames, then| Collected::Cut { why, body: Body::new(PrefixedBody { frames, then }) };
        let frame = match first.take() {
            Some(first) => Some(Some(first)),
            // The time is looked at here too, because a body may always have another frame ready, of few bytes or none.
            None if until.is_some_and(|until| Instant::now() >= until) => None,
            None => frame_by(&mut body, until).await,
        };
        match frame {
            None => return cut(UnavailableResult::TooSlow, chunks, Then::Go(body)),
            Some(None) => break,
            Some(Some(Err(error))) => return cut(UnavailableResult::Broken, chunks, Then::Break(error)),
            Some(Some(Ok(frame))) => {
                len = len.saturating_add(size_of(&frame));
                if !frame.data_ref().is_some_and(Bytes::is_empty) {
                    chunks.push_back(frame);
                }
                if len > limit {
                    return cut(UnavailableResult::TooLarge, chunks, Then::Go(body));
                }
            }
        }
    }
    let bytes = joined(&chunks, len);
    let trailers = trailers(&chunks);
    let body = if trailers.is_some() {
        Body::new(PrefixedBody { frames: chunks, then: Then::Over })
    } else {
        Body::from(bytes.clone())
    };
    Collected::Whole { bytes, trailers, body }
}

/// In bytes, as stored.
fn size_of(frame: &Frame<Bytes>) -> usize {
    let line = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len();
    let trailers = || frame.trailers_ref().map_or(0, |lines| lines.iter().map(line).sum());
    frame.data_ref().map_or_else(trailers, Bytes::len)
}

fn trailers(frames: &VecDeque<Frame<Bytes>>) -> Option<HeaderMap> {
    let mut all = frames.iter().filter_map(Frame::trailers_ref).cloned();
    let mut trailers = all.next()?;
    all.for_each(|more| trailers.extend(more));
    Some(trailers)
}

/// A stored body.
pub(super) fn whole(bytes: Bytes, trailers: Option<HeaderMap>) -> Body {
    let Some(trailers) = trailers else { return Body::from(bytes) };
    let frames = [Frame::data(bytes), Frame::trailers(trailers)].into();
    Body::new(PrefixedBody { frames, then: Then::Over })
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
struct PrefixedBody {
    frames: VecDeque<Frame<Bytes>>,
    then: Then,
}

enum Then {
    Go(Body),
    /// Breaks after one more turn: what was read before must reach the wire first.
    Break(axum_core::Error),
    Broken(axum_core::Error),
    /// The body has ended.
    Over,
}

impl HttpBody for PrefixedBody {
    type Data = Bytes;
    type Error = axum_core::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum_core::Error>>> {
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

    /// Not exact where trailers come: they cannot follow a body of a known length in HTTP/1.1.
    fn size_hint(&self) -> SizeHint {
        let read: usize = self.frames.iter().filter_map(Frame::data_ref).map(Bytes::len).sum();
        let read = read as u64;
        let mut hint = match &self.then {
            Then::Go(rest) => rest.size_hint(),
            Then::Break(_) | Then::Broken(_) | Then::Over => SizeHint::default(),
        };
        let upper = hint.upper().and_then(|upper| upper.checked_add(read));
        let lower = hint.lower().saturating_add(read);
        hint = SizeHint::default();
        hint.set_lower(lower);
        if let Some(upper) = upper {
            hint.set_upper(upper);
        }
        hint
    }
}
