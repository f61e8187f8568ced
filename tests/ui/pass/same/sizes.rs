//! Large arguments: they are moved, not kept several times.

use std::convert::Infallible;
use std::future::Future;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::rows::prelude::*;
use crate::support::Call;

struct Large<const N: usize>([u8; N]);

impl<S: Sync, const N: usize> FromRequestParts<S> for Large<N> {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self([1; N]))
    }
}

/// Emits a function of an argument of `N` bytes bare, as a handler and as a function.
macro_rules! sizes {
    ($($name:ident($($argument:tt)*) $body:tt)*) => {$(
        mod $name {
            use super::*;

            pub mod bare {
                use super::*;
                pub async fn same<const N: usize>($($argument)*) -> Result<String, Refused> $body
            }
            pub mod handler {
                use super::*;
                #[idempotent]
                pub async fn same<const N: usize>($($argument)*) -> Result<String, Refused> $body
            }
            pub mod function {
                use super::*;
                pub static IDEM: LazyLock<Idem> = LazyLock::new(support::idem);
                #[idempotent(with = IDEM, key = fresh(), name = "same")]
                pub async fn same<const N: usize>($($argument)*) -> Result<String, Refused> $body
            }
        }
    )*};
}

sizes! {
    by_name(large: Large<N>) {
        pause().await;
        Ok(sum(&large.0))
    }

    by_pattern(Large(bytes): Large<N>) {
        pause().await;
        Ok(sum(&bytes))
    }

    unused(_: Large<N>) {
        pause().await;
        Ok(sum(&[1; N]))
    }
}

/// A point at which all that the body holds is in its future.
async fn pause() {
    tokio::task::yield_now().await;
}

fn sum(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>().to_string()
}

/// The size of the future that `function` returns, which nothing has polled.
fn size_of_call<A, R: Future>(_: impl Fn(A) -> R) -> usize {
    size_of::<R>()
}

/// As [`size_of_call`], of a handler: its first argument is the attribute's.
fn size_of_handler<C, A, R: Future>(_: impl Fn(C, A) -> R) -> usize {
    size_of::<R>()
}

const BYTES: usize = 4096;

#[test]
fn a_handlers_future_holds_an_argument_at_most_three_times() {
    for (name, bare, handler) in [
        (
            "by name",
            size_of_call(by_name::bare::same::<BYTES>),
            size_of_handler(by_name::handler::same::<BYTES>),
        ),
        (
            "by pattern",
            size_of_call(by_pattern::bare::same::<BYTES>),
            size_of_handler(by_pattern::handler::same::<BYTES>),
        ),
        (
            "unused",
            size_of_call(unused::bare::same::<BYTES>),
            size_of_handler(unused::handler::same::<BYTES>),
        ),
    ] {
        println!("{name}: {bare} bytes bare, {handler} as a handler");
        assert!(handler <= 3 * BYTES + 2048, "{name}: {handler} bytes, bare {bare}");
    }
}

#[test]
fn a_functions_future_holds_an_argument_at_most_three_times() {
    for (name, bare, function) in [
        (
            "by name",
            size_of_call(by_name::bare::same::<BYTES>),
            size_of_call(by_name::function::same::<BYTES>),
        ),
        (
            "by pattern",
            size_of_call(by_pattern::bare::same::<BYTES>),
            size_of_call(by_pattern::function::same::<BYTES>),
        ),
        ("unused", size_of_call(unused::bare::same::<BYTES>), size_of_call(unused::function::same::<BYTES>)),
    ] {
        println!("{name}: {bare} bytes bare, {function} as a function");
        assert!(function <= 3 * BYTES + 2048, "{name}: {function} bytes, bare {bare}");
    }
}

const MANY_BYTES: usize = 64 * 1024;

/// An overflow would end the process. The stack is tokio's own, of 2 MiB.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_argument_fits_the_stack_of_a_worker() {
    let bare = Router::new()
        .route("/name", post(by_name::bare::same::<MANY_BYTES>))
        .route("/pattern", post(by_pattern::bare::same::<MANY_BYTES>))
        .route("/unused", post(unused::bare::same::<MANY_BYTES>));
    let handlers = Router::new()
        .route("/name", post(by_name::handler::same::<MANY_BYTES>))
        .route("/pattern", post(by_pattern::handler::same::<MANY_BYTES>))
        .route("/unused", post(unused::handler::same::<MANY_BYTES>));
    for app in [bare, serve(handlers)] {
        for path in ["/name", "/pattern", "/unused"] {
            let app = app.clone();
            let call = async move { Call::post(path).key("k").send(&app).await };
            assert_eq!(tokio::spawn(call).await.unwrap().body, "65536");
        }
    }
    let function = async { by_name::function::same(Large::<MANY_BYTES>([1; MANY_BYTES])).await };
    assert_eq!(tokio::spawn(function).await.unwrap().as_deref(), Ok("65536"));
    let function = async { by_pattern::function::same(Large::<MANY_BYTES>([1; MANY_BYTES])).await };
    assert_eq!(tokio::spawn(function).await.unwrap().as_deref(), Ok("65536"));
}
