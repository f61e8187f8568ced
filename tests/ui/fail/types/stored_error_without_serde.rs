use idem_core::{Idem, Refused, idempotent};

enum SettleError {
    Declined,
    Refused(Refused),
}

impl From<Refused> for SettleError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

#[idempotent(with = idem, key = order, name = "settle", on_error = store)]
async fn settle(idem: &Idem, order: u64) -> Result<u64, SettleError> {
    if order == 0 { Err(SettleError::Declined) } else { Ok(order) }
}

fn main() {}
