//! How a row is emitted in all forms.

use std::cell::RefCell;

use idem_core::Idem;
use idem_core::store::sqlite::SqliteStore;

thread_local! {
    static COUPLED: RefCell<Option<Idem<SqliteStore>>> = const { RefCell::new(None) };
}

/// The handle of this test's database.
pub fn coupled() -> Idem<SqliteStore> {
    COUPLED.with_borrow(Clone::clone).unwrap()
}

pub fn couple(idem: &Idem<SqliteStore>) {
    COUPLED.set(Some(idem.clone()));
}

/// `name(arguments) { body } => check(expected);`
///
/// Emits the function bare, as a handler, as a function, detached, and in a transaction as a handler and as a function.
macro_rules! same {
    ($($(#[$attribute:meta])* $name:ident($($argument:tt)*) $body:tt => $check:ident($($expected:tt)*);)*) => {$(
        $(#[$attribute])*
        #[tokio::test]
        async fn $name() {
            mod bare {
                use super::*;
                pub async fn same($($argument)*) -> Result<String, Refused> $body
            }
            mod handler {
                use super::*;
                #[idempotent]
                pub async fn same($($argument)*) -> Result<String, Refused> $body
            }
            mod coupled_handler {
                use super::*;
                #[idempotent]
                pub async fn same(#[tx] _: &mut SqliteTx<'_>, $($argument)*) -> Result<String, Refused> $body
            }
            mod function {
                use super::*;
                static IDEM: LazyLock<Idem> = LazyLock::new(support::idem);
                #[idempotent(with = IDEM, key = fresh(), name = "same")]
                pub async fn same($($argument)*) -> Result<String, Refused> $body
            }
            mod detached {
                use super::*;
                static IDEM: LazyLock<Idem> = LazyLock::new(support::idem);
                #[idempotent(with = IDEM, key = fresh(), name = "same", detach)]
                pub async fn same($($argument)*) -> Result<String, Refused> $body
            }
            mod coupled_function {
                use super::*;
                #[idempotent(with = coupled(), key = fresh(), name = "same")]
                pub async fn same(#[tx] _: &mut SqliteTx<'_>, $($argument)*) -> Result<String, Refused> $body
            }
            let shop = Shop::new().await;
            couple(&shop.idem);
            let forms = [
                routed("bare", false, Router::new().route("/", post(bare::same))),
                routed("handler", true, serve(Router::new().route("/", post(handler::same)))),
                routed("handler with #[tx]", true, shop.serve(Router::new().route("/", post(coupled_handler::same)))),
                called("bare", false, bare::same),
                called("function", false, function::same),
                called("detached", true, detached::same),
                called("function with #[tx]", false, coupled_function::same),
            ];
            Forms(forms.into()).$check($($expected)*).await;
        }
    )*};
}

/// What a row needs.
pub(crate) mod prelude {
    pub use std::sync::LazyLock;

    pub use axum::Router;
    pub use axum::routing::post;
    pub use idem_core::tx::SqliteTx;
    pub use idem_core::{Idem, Refused, idempotent};

    pub use super::super::table::{Forms, called, fresh, routed};
    pub use super::super::trace::{Seen, done, gate, note};
    pub use super::super::values::{Locked, Made, Many, Nested, Pair};
    pub use super::{couple, coupled};
    pub(crate) use crate::database::Shop;
    pub(crate) use crate::support::{self, serve};
}
