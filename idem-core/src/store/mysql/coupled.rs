//! The statements of records that ride in the application's transactions, and what is written into them.

use std::fmt::Write as _;

/// With autocommit off, a statement after the server has undone the transaction, as it does in a deadlock, begins
/// another one, which is rolled back in the end: nothing slips out by itself.
pub(super) const BEGIN: &str = "SET autocommit = 0; START TRANSACTION";
pub(super) const RESTORE: &str = "SET autocommit = 1";

/// Vanishes with its transaction, whatever ends that: so its release tells whether it is still the same.
/// <https://dev.mysql.com/doc/refman/8.4/en/savepoint.html>
pub(super) const MARK: &str = "SAVEPOINT idem_tx";
pub(super) const UNMARK: &str = "RELEASE SAVEPOINT idem_tx";
/// `ER_SP_DOES_NOT_EXIST`, of a savepoint too.
pub(super) const NO_SUCH_SAVEPOINT: u16 = 1305;
/// `ER_LOCK_WAIT_TIMEOUT`.
pub(super) const LOCKED: u16 = 1205;

pub(super) const VALUES: &str = "{row} VALUES ({address}, {clock} + {lease}, {clock}, 1, 1, 1, {policy}, {recipe}, {nonce}, \
     {digest}, {label}, {hint}, {handler_retention}, {handler_lease}, {namespace}, '', {fence}) ON DUPLICATE KEY UPDATE ";

/// The lock of a rival's uncommitted row is not waited for.
pub(super) const CLAIM_RETURNING: &str = "SET STATEMENT innodb_lock_wait_timeout = 0 FOR {values}fence = fence \
     RETURNING {clock}, address, {columns}; {mark}";
pub(super) const CLAIM_RETURNING_WAITING: &str =
    "{values}fence = fence RETURNING {clock}, address, {columns}; {mark}";
/// Without `RETURNING`: the number is the fence if the row was inserted, and 0 if it was not. MySQL waits for a lock for
/// a second at least.
pub(super) const CLAIM: &str = "SET @idem_wait = @@SESSION.innodb_lock_wait_timeout; SET SESSION innodb_lock_wait_timeout = 1; \
     {values}fence = fence + LAST_INSERT_ID(0); SELECT CAST(LAST_INSERT_ID() AS SIGNED); \
     SET SESSION innodb_lock_wait_timeout = @idem_wait; {mark}";
pub(super) const CLAIM_WAITING: &str =
    "{values}fence = fence + LAST_INSERT_ID(0); SELECT CAST(LAST_INSERT_ID() AS SIGNED); {mark}";
/// A claim that gave up left its setting behind.
pub(super) const UNDO_WAIT: &str =
    "SET SESSION innodb_lock_wait_timeout = COALESCE(@idem_wait, @@SESSION.innodb_lock_wait_timeout)";

pub(super) const LOAD: &str =
    "SELECT {clock}, address, {columns} FROM {table} FORCE INDEX (PRIMARY) WHERE address = {address}";
/// What is committed now, whatever the transaction's snapshot says.
pub(super) const NOW: &str = " FOR UPDATE";

pub(super) const REWRITE: &str = "UPDATE {table} SET state = {state}, fence = {fence}, nonce = {nonce}, until = {until}, \
     attempts = {attempts}, after_crash = {policy}, recipe = {recipe}, digest = {digest}, created = {created}, \
     label = {label}, key_hint = {hint}, reply = '', audit = {audit}, handler_retention = {handler_retention}, \
     handler_lease = {handler_lease}, namespace = {namespace} \
     WHERE address = {address} AND format = 1 AND state = {old_state} AND fence = {old_fence} AND nonce = {old_nonce} \
     AND until = {old_until}";

pub(super) const FINISH: &str = "UPDATE {table} SET state = 2, until = {clock} + {retention}, reply = {reply} \
     WHERE address = {address} AND format = 1 AND fence = {fence} AND nonce = {nonce} AND state = 1";

/// As a literal of bytes.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2 + 3);
    text.push_str("x'");
    for byte in bytes {
        // Writing to a string does not fail.
        let _written = write!(text, "{byte:02x}");
    }
    text.push('\'');
    text
}

pub(super) fn utf8(text: &str) -> String {
    format!("_utf8mb4 {}", hex(text.as_bytes()))
}

pub(super) fn ascii(text: &str) -> String {
    format!("_ascii {}", hex(text.as_bytes()))
}
