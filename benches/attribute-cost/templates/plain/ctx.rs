//! What the functions share.

use std::fmt;

use idem_core::Idem; //@ idem
use idem_core::Refused;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

pub(crate) struct Ctx {
    pub(crate) idem: Idem, //@ idem
    funds: Mutex<u64>,
}

#[derive(Debug)]
pub(crate) enum E {
    FundsShort { missing: u64 },
    Refused(Refused),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) order: u64,
    pub(crate) funds: u64,
    pub(crate) text: String,
    pub(crate) paid: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) at: u64,
    pub(crate) amount: i64,
    pub(crate) note: Option<String>,
}

impl Ctx {
    pub(crate) fn new(
        idem: Idem, //@ idem
    ) -> Self {
        Self {
            idem, //@ idem
            funds: Mutex::new(1_000_000),
        }
    }

    /// Takes `amount` from the funds.
    pub(crate) async fn take(&self, amount: u64) -> Result<u64, E> {
        let mut funds = self.funds.lock().await;
        *funds = funds.checked_sub(amount).ok_or(E::FundsShort { missing: amount - *funds })?;
        Ok(*funds)
    }
}

impl From<Refused> for E {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl fmt::Display for E {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FundsShort { missing } => write!(f, "the funds are short by {missing}"),
            Self::Refused(refused) => refused.fmt(f),
        }
    }
}

impl std::error::Error for E {}
