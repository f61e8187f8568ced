//! What a caller tells its user in the end.

use crate::api::Payment;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// "You have paid."
    Paid(Payment),
    /// "Your bank has declined."
    Declined,
    /// "It did not work; you have not paid."
    Failed,
    /// "We do not know yet."
    Unknown,
}
