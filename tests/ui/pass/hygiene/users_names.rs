//! Names of the user's that are also idem's: traits for all types with methods of the names that idem once used, everything
//! of idem-core imported at once.

#![deny(warnings)]

use axum_routes::{Router, post};
use idem_core::*;

use crate::support::{Call, Runs, replays, serve};

/// `idem_core::*` brings a module `axum`.
mod axum_routes {
    pub(super) use ::axum::Router;
    pub(super) use ::axum::response::{IntoResponse, Response};
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

mod transactions {
    use idem_core::store::sqlite::SqliteStore;
    use idem_core::tx::*;
    use idem_core::{Idem, Refused, idempotent};

    /// Nothing that decides what is called comes with the glob.
    #[idempotent(with = idem, key = order, name = "sell")]
    pub(super) async fn sell(
        idem: &Idem<SqliteStore>,
        order: u64,
        #[tx] tx: &mut SqliteTx<'_>,
    ) -> Result<u64, Other> {
        crate::database::sell(tx, "tea").await.unwrap();
        Ok(order)
    }

    #[derive(Debug, PartialEq)]
    pub(super) struct Other;

    impl From<Refused> for Other {
        fn from(_: Refused) -> Self {
            Self
        }
    }
}

/// Types of the user's own, under the names of axum's.
#[derive(serde::Serialize, serde::Deserialize)]
struct Request {
    id: u64,
}

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Response {
    id: u64,
}

struct Bank {
    idem: Idem,
}

impl Bank {
    #[idempotent(with = self.idem, key = request.id, name = "charge")]
    async fn charge(&self, request: Request) -> Result<Response, Refused> {
        Ok(Response { id: request.id })
    }

    #[idempotent(with = self.idem, key = N, name = "letters")]
    #[allow(non_snake_case)]
    async fn letters(&self, N: u64, (X, y): (u64, u64), mut Z: String) -> Result<String, Refused> {
        Z.push('!');
        Ok(format!("{} {X} {y} {Z}", N + 1))
    }
}

struct Failure;

impl axum_routes::IntoResponse for Failure {
    fn into_response(self) -> axum_routes::Response {
        unreachable!()
    }
}

impl Failure {
    /// The names of an `impl` around it.
    #[idempotent]
    async fn answer() -> Result<impl axum_routes::IntoResponse, Self> {
        Ok("an answer")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(handler)));
    assert_eq!(replays(&app, &Call::post("/").key("k").body("tea")).await.body, "tea 1");
    let router = Router::new().route("/", post(Failure::answer));
    assert_eq!(replays(&serve(router), &Call::post("/").key("k")).await.body, "an answer");
    let shop = crate::database::Shop::new().await;
    assert_eq!(transactions::sell(&shop.idem, 7).await, Ok(7));
    let bank = Bank { idem: crate::support::idem() };
    for _ in 0..2 {
        assert_eq!(bank.charge(Request { id: 3 }).await, Ok(Response { id: 3 }));
        assert_eq!(bank.letters(1, (2, 3), "z".to_owned()).await, Ok("2 2 3 z!".to_owned()));
    }
    let idem = crate::support::idem();
    for _ in 0..2 {
        assert_eq!(plain(&idem, 7).await, Ok(2));
    }
}
