//! What a response says about the operation.

use http::StatusCode;

use crate::outcome::Class;

/// Every 2xx, 3xx and 4xx is an answer, but for those that say nothing about the operation (RFC 9110 §15):
///
/// - of the address: 307 and 308 ask for the same request, with its method and body, elsewhere; 421 for another server;
/// - of the caller or the moment: 401, 403, 407, 408, 425, 429;
/// - of a header field that no fingerprint covers: 412 (`If-Match` and its like), 428 (there was none).
pub(crate) fn class_of(status: StatusCode) -> Class {
    match status.as_u16() {
        307 | 308 | 401 | 403 | 407 | 408 | 412 | 421 | 425 | 428 | 429 => Class::Transient,
        500.. => Class::Failure,
        _ => Class::Final,
    }
}
