//! The statements of the store, most of which call the functions of [`schema`](super::schema).

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::args::Arg;
use crate::store::sql::TableName;

/// The statements with the table's name filled in.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) claim_one: Statement,
    pub(super) claim: Statement,
    pub(super) finish_one: Statement,
    pub(super) finish: Statement,
    pub(super) load: Statement,
    pub(super) change: Statement,
    pub(super) renew: Statement,
    pub(super) sweep: Statement,
    pub(super) reap: Statement,
    pub(super) list: Statement,
    pub(super) count: Statement,
    pub(super) tally: Statement,
}

/// A statement that takes its arguments where `$` stands.
#[derive(Debug)]
pub(super) struct Statement {
    /// With `$1`, `$2` and so on.
    pub(super) bound: SqlStr,
    /// What stands between the arguments.
    parts: Vec<String>,
}

impl Statement {
    pub(super) fn new(name: &TableName, template: &str) -> Self {
        // Split first: a schema's name may hold a `$`.
        let parts: Vec<String> = template.split('$').map(|part| name.fill(part, '"')).collect();
        let mut bound = String::new();
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                bound.push('$');
                bound.push_str(&at.to_string());
            }
            bound.push_str(part);
        }
        // Made of constants and a name that `TableName` has checked.
        Self { bound: AssertSqlSafe(bound).into_sql_str(), parts }
    }

    pub(super) fn written(&self, args: &[Arg<'_>]) -> String {
        let mut parts = self.parts.iter();
        let mut sql = parts.next().cloned().unwrap_or_default();
        for (arg, part) in args.iter().zip(parts) {
            arg.write(&mut sql);
            sql.push_str(part);
        }
        sql
    }
}

impl Calls {
    pub(super) fn new(name: &TableName) -> Self {
        let of = |template: &str| Statement::new(name, template);
        Self {
            claim_one: of(&CLAIM_ONE.replace("{fresh}", FRESH)),
            claim: of(&CLAIM.replace("{fresh}", FRESH)),
            finish_one: of("SELECT {table_finish_one}($, $, $, $, $, $, $)"),
            finish: of("SELECT * FROM {table_finish}($, $, $, $, $, $, $)"),
            load: of("SELECT * FROM {table_load_5}($)"),
            change: of(
                "SELECT {table_change_5}($, $, $, $, $, $, $, $, $, $, $, $, $, $, $, $, $, $, $, $, $)",
            ),
            renew: of("SELECT * FROM {table_renew}($, $, $, $)"),
            sweep: of("SELECT * FROM {table_sweep_6}($, $, $, $)"),
            reap: of("SELECT {table_reap}($)"),
            list: of(
                "SELECT 0::bigint, address, format, state, fence, nonce, until, attempts, after_crash, recipe, \
                      digest, created, label, key_hint, reply, audit, \
                      handler_retention, handler_lease, namespace FROM {table} WHERE state = $ AND address > $ \
                      AND (handler_retention < 0 OR namespace = $ COLLATE \"C\") ORDER BY address LIMIT $",
            ),
            tally: of(TALLY),
            count: of("SELECT count(*) FROM {table} WHERE state = $ \
                      AND (handler_retention < 0 OR namespace = $ COLLATE \"C\")"),
        }
    }
}

/// What waits, by state, and the oldest fence of what is unknown. One message and so one transaction, whose settings pin the
/// plan to the index of what is not done, whatever the table's statistics say: a function would do so too, and would cost a
/// migration.
const TALLY: &str = "\
SET LOCAL enable_seqscan = off; SET LOCAL jit = off; \
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, count(*) FILTER (WHERE state = 1), \
count(*) FILTER (WHERE state = 4), count(*) FILTER (WHERE state = 5), count(*) FILTER (WHERE state = 6), \
min(fence) FILTER (WHERE state = 4) FROM {table} WHERE state <> 2 AND state IN (1, 4, 5, 6) \
AND (handler_retention < 0 OR namespace = $ COLLATE \"C\")";

/// Writes a record where there is none, and shows what stands there where it could not. The record is looked up by a
/// function, which sees what was committed meanwhile, and is not called at all in the usual case.
const CLAIM_ONE: &str = "\
WITH fresh AS (\
    INSERT INTO {table} AS t (fence, until, created, attempts, format, state, address, nonce, after_crash, recipe, digest, \
    label, key_hint, handler_retention, handler_lease, namespace, reply) \
    SELECT c.clock, c.clock + $, c.clock, 1, 1, 1, $, $, $, $, $, $, $, $, $, $, '' \
    FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock OFFSET 0) c \
    ON CONFLICT (address) DO NOTHING RETURNING t.fence, t.address\
) {fresh} WHERE NOT EXISTS (SELECT FROM fresh)";

/// The same for many, in the order given. All records are looked up if one of them could not be written.
const CLAIM: &str = "\
WITH fresh AS (\
    INSERT INTO {table} AS t (fence, until, created, attempts, format, state, address, nonce, after_crash, recipe, digest, \
    label, key_hint, handler_retention, handler_lease, namespace, reply) \
    SELECT c.clock, c.clock + w.lease, c.clock, 1, 1, 1, w.address, w.nonce, w.policy, w.recipe, w.digest, w.label, \
    w.key_hint, w.handler_retention, w.handler_lease, w.namespace, '' \
    FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock OFFSET 0) c \
    CROSS JOIN unnest($, $, $, $, $, $, $, $, $, $, $) \
    AS w (lease, address, nonce, policy, recipe, digest, label, key_hint, handler_retention, handler_lease, namespace) \
    ON CONFLICT (address) DO NOTHING RETURNING t.fence, t.address\
) {fresh} WHERE (SELECT count(*) FROM fresh) < $";

/// A row without a state was written just now, at that time.
pub(super) const FRESH: &str = "\
SELECT f.fence AS r_clock, f.address AS r_address, NULL::smallint AS r_format, NULL::smallint AS r_state, \
NULL::bigint AS r_fence, NULL::bytea AS r_nonce, NULL::bigint AS r_until, NULL::integer AS r_attempts, \
NULL::smallint AS r_after_crash, NULL::smallint AS r_recipe, NULL::bytea AS r_digest, NULL::bigint AS r_created, \
NULL::text AS r_label, NULL::text AS r_key_hint, NULL::bytea AS r_reply, NULL::text AS r_audit, \
NULL::bigint AS r_retention, NULL::bigint AS r_lease, NULL::text AS r_namespace FROM fresh f \
UNION ALL SELECT * FROM {table_load_5}($)";
