//! Names of the user's that are also idem's: traits for all types with methods of the names that idem once used, everything
//! of idem-core imported at once.

#![deny(warnings)]

use axum_routes::{Router, post};
use idem_core::*;

use crate::support::{Call, Runs, replays, serve};

/// `idem_core::*` brings a module `axum`.
mod axum_routes {
    pub(super) use ::axum::Router;
    pub(super) use ::axum::routing::post;
}

static RUNS: Runs = Runs::new();

trait Everything {
    fn errors(&self) -> u8 {
        1
    }

    fn stored_errors(&self) -> u8 {
        2
    }

    fn conflict(&self) -> u8 {
        3
    }

    fn carries<T>(&self) -> u8 {
        4
    }

    fn run<T>(self, _: T) -> u8
    where
        Self: Sized,
    {
        5
    }

    fn key<T>(self, _: T) -> u8
    where
        Self: Sized,
    {
        6
    }

    fn operation<T>(self, _: T) -> u8
    where
        Self: Sized,
    {
        7
    }

    fn again(&self) -> u8 {
        8
    }

    fn engine(&self) -> u8 {
        9
    }
}

impl<T: ?Sized> Everything for T {}

#[idempotent]
async fn handler(body: String) -> String {
    assert_eq!(
        body.errors()
            + body.stored_errors()
            + body.conflict()
            + body.carries::<u8>()
            + body.again()
            + body.engine(),
        27
    );
    assert_eq!(1.run(1) + 1.key(1) + 1.operation(1), 18);
    format!("{body} {}", RUNS.next())
}

#[idempotent(with = idem, key = order, name = "everything")]
async fn plain(idem: &Idem, order: u64) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(handler)));
    assert_eq!(replays(&app, &Call::post("/").key("k").body("tea")).await.body, "tea 1");
    let idem = crate::support::idem();
    for _ in 0..2 {
        assert_eq!(plain(&idem, 7).await, Ok(2));
    }
}
