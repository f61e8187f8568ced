//! What the handlers share.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::error::ApiError;

#[derive(Clone)]
pub(crate) struct Shop {
    books: Arc<Mutex<Books>>,
    pub(crate) pool: sqlx::SqlitePool, //@ tx
}

#[derive(Default)]
struct Books {
    funds: HashMap<u64, u64>,
    last: u64,
}

impl Shop {
    pub(crate) fn new(
        pool: sqlx::SqlitePool, //@ tx
    ) -> Self {
        Self {
            books: Arc::default(),
            pool, //@ tx
        }
    }

    /// Takes `cents` from an account, which begins with some.
    pub(crate) async fn take(&self, account: u64, cents: u64) -> Result<u64, ApiError> {
        let mut books = self.books.lock().await;
        let funds = books.funds.entry(account).or_insert(10_000);
        *funds = funds.checked_sub(cents).ok_or(ApiError::FundsShort { missing: cents - *funds })?;
        Ok(*funds)
    }

    /// Gives `cents` to an account.
    pub(crate) async fn give(&self, account: u64, cents: u64) -> u64 {
        let mut books = self.books.lock().await;
        let funds = books.funds.entry(account).or_insert(10_000);
        *funds = funds.saturating_add(cents);
        *funds
    }

    /// A number that was not given before.
    pub(crate) async fn number(&self) -> u64 {
        let mut books = self.books.lock().await;
        books.last += 1;
        books.last
    }
}
