//! The statements of a handler's transaction.

use super::statements::{FRESH, Statement};
use crate::protocol::Claim;
use crate::store::sql::TableName;

/// The statements with the table's name filled in.
#[derive(Debug)]
pub(super) struct TxStatements {
    /// Advisory locks belong to the whole database: this tells tables apart.
    table: u64,
    pub(super) claim_new: Statement,
    pub(super) claim: Statement,
    pub(super) claim_waiting: Statement,
    pub(super) claim_here: Statement,
    pub(super) finish: Statement,
    pub(super) holds: Statement,
    /// Connections of the pool are the server's own, and not those of a pooler.
    pub(super) direct: bool,
}

impl TxStatements {
    pub(super) fn new(name: &TableName, direct: bool) -> Self {
        // Behind a pooler a session is others' as well: its settings are neither looked at nor changed.
        let (see, end) =
            if direct { (format!(", {SEE}"), format!(", {ALLOW}, {SAME}")) } else { Default::default() };
        let settings =
            |text: &str| text.replace("{see}", &see).replace("{end}", &end).replace("{settings}", SETTINGS);
        let claim = settings(CLAIM).replace("{fresh}", FRESH);
        let table = blake3::hash(name.to_string().as_bytes());
        Self {
            table: first_bytes(table.as_bytes()),
            claim_new: Statement::new(name, &settings(CLAIM_NEW)),
            claim: Statement::new(name, &claim.replace("{turn}", "pg_try_advisory_xact_lock($)")),
            claim_waiting: Statement::new(
                name,
                &claim.replace("{turn}", "coalesce(pg_advisory_xact_lock($)::text, '') = ''"),
            ),
            claim_here: Statement::new(
                name,
                "SELECT {table_claim_here_5}($, $, $, $, $, $, $, $, $, $, $, $)",
            ),
            finish: Statement::new(name, &settings("SELECT {table_finish_here}($, $, $, $, $){end}")),
            holds: Statement::new(name, "SELECT {table_holds_here}($, $)"),
            direct,
        }
    }

    /// The number of the advisory lock. Made of digests, so two keys share one as good as never, and then one of them is
    /// told to come again.
    pub(super) fn turn(&self, claim: &Claim) -> i64 {
        (first_bytes(claim.address.as_bytes()) ^ self.table).cast_signed()
    }
}

/// Writes a record where there is none. A lock that ends with the transaction tells rivals apart at once, for an
/// insertion alone would wait for theirs to end.
/// <https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS>
///
/// What nearly every claim needs, and nothing else: [`CLAIM`], whose plan has ten times the nodes, costs half as much again.
const CLAIM_NEW: &str = "\
INSERT INTO {table} AS t (fence, until, created, attempts, format, state, address, nonce, after_crash, recipe, digest, \
label, key_hint, handler_retention, handler_lease, namespace, reply) \
SELECT c.clock, c.clock + $, c.clock, 1, 1, 1, $, $, $, $, $, $, $, $, $, $, '' \
FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock OFFSET 0) c \
WHERE pg_try_advisory_xact_lock($) \
ON CONFLICT (address) DO NOTHING RETURNING t.fence{see}";

/// The same, and shows what stands there where it could not.
const CLAIM: &str = "\
WITH turn AS MATERIALIZED (SELECT {turn} AS mine), \
fresh AS (\
    INSERT INTO {table} AS t (fence, until, created, attempts, format, state, address, nonce, after_crash, recipe, digest, \
    label, key_hint, handler_retention, handler_lease, namespace, reply) \
    SELECT c.clock, c.clock + $, c.clock, 1, 1, 1, $, $, $, $, $, $, $, $, $, $, '' \
    FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock OFFSET 0) c \
    CROSS JOIN turn WHERE turn.mine \
    ON CONFLICT (address) DO NOTHING RETURNING t.fence, t.address\
), seen AS ({fresh} WHERE NOT EXISTS (SELECT FROM fresh)) \
SELECT turn.mine, seen.*{see} FROM turn LEFT JOIN seen ON true";

fn first_bytes(digest: &[u8; 32]) -> u64 {
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

/// Nothing that follows the end of the transaction may commit by itself: every transaction of the session is read-only, but
/// for the one that is begun here. A setting that is made within a transaction would be undone with it, so this one has a
/// transaction of its own, in the same message.
pub(super) const FORBID: &str = "\
BEGIN; SELECT set_config('idem.read_only', current_setting('default_transaction_read_only'), false), \
set_config('default_transaction_read_only', 'on', false); COMMIT; ";
/// Restores the setting, with the COMMIT of the transaction in which this expression stands.
pub(super) const ALLOW: &str = "set_config('default_transaction_read_only', \
coalesce(nullif(current_setting('idem.read_only', true), ''), 'off'), false)";

/// How long the server waits for the next statement, in milliseconds, unless the session has a shorter time; and a lock
/// that no other transaction has, by which a canceller finds this one.
/// <https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT>
pub(super) const KEEP: &str = "\
SELECT set_config('idle_in_transaction_session_timeout', \
CASE WHEN current_setting('idle_in_transaction_session_timeout')::interval BETWEEN '1ms' AND '{idle}ms' \
THEN current_setting('idle_in_transaction_session_timeout') ELSE '{idle}ms' END, true), pg_try_advisory_xact_lock({number})";

/// Of a transaction without a record.
pub(super) const MARK: &str = "SAVEPOINT idem_tx";
pub(super) const UNMARK: &str = "RELEASE SAVEPOINT idem_tx";
/// Succeeds in a transaction that has failed, too.
pub(super) const TO_MARK: &str = "ROLLBACK TO SAVEPOINT idem_tx";

/// The settings of a session that decide what statements mean or who sends them. One that a handler leaves changed would
/// be the next caller's.
pub(super) const SETTINGS: &str = "\
concat_ws(',', current_setting('search_path'), current_setting('role'), session_user, current_setting('TimeZone'), \
current_setting('DateStyle'), current_setting('IntervalStyle'), current_setting('bytea_output'), \
current_setting('statement_timeout'), current_setting('lock_timeout'), \
current_setting('default_transaction_isolation'), \
current_setting('default_transaction_deferrable'), current_setting('synchronous_commit'), \
current_setting('session_replication_role'), current_setting('row_security'), current_setting('client_encoding'), \
current_setting('standard_conforming_strings'), current_setting('work_mem'), current_setting('application_name'), \
current_setting('idle_session_timeout', true), current_setting('transaction_timeout', true))";
/// Keeps them, with the COMMIT.
pub(super) const SEE: &str = "set_config('idem.settings', {settings}, false)";
/// Whether they are as they were.
pub(super) const SAME: &str = "current_setting('idem.settings', true) IS NOT DISTINCT FROM {settings}";
