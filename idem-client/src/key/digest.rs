//! What of a key may be shown.

use idem_core::IdempotencyKey;
use uuid::Uuid;

/// Eight hexadecimal digits: enough to find the lines of one operation in a log, too few to use it.
pub(crate) fn digest(key: &IdempotencyKey) -> String {
    format!("{:08x}", Uuid::new_v5(&Uuid::NAMESPACE_OID, key.as_str().as_bytes()).as_fields().0)
}
