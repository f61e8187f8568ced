//! What a user may do, found when the store opens: all that is missing is told at once, with the statements that grant it.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor, Row as _};

use super::fault::fault;
use crate::store::StoreErrorKind;
use crate::store::remote::failure::{DriverFault, Failure};
use crate::store::sql::TableName;

/// From the catalogues, which every user may read. The schema is the one that is named, else the first of the search path
/// that has the table, else the one where a table would be created, else the first that is there. PostgreSQL itself passes
/// over a schema that the user may not use, and another table would then forget all keys.
const LOOK: &str = "\
WITH path AS (\
    SELECT rank, CASE WHEN p.found[1] = '\"$user\"' THEN current_user::text \
    WHEN starts_with(p.found[1], '\"') THEN replace(substr(p.found[1], 2, length(p.found[1]) - 2), '\"\"', '\"') \
    ELSE lower(p.found[1]) END AS name \
    FROM regexp_matches(current_setting('search_path'), '(\"(?:[^\"]|\"\")*\"|[^, \"]+)', 'g') \
        WITH ORDINALITY AS p (found, rank)\
), place AS (\
    SELECT n.oid, n.nspname FROM pg_namespace n LEFT JOIN path ON path.name = n.nspname \
    WHERE CASE WHEN {schema} IS NULL THEN path.name IS NOT NULL ELSE n.nspname = {schema} END \
    ORDER BY EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = '{name}') DESC, \
    has_schema_privilege(n.oid, 'USAGE') DESC, path.rank LIMIT 1\
), found AS (\
    SELECT c.oid, c.relowner FROM pg_class c JOIN place ON c.relnamespace = place.oid WHERE c.relname = '{name}'\
) \
SELECT quote_ident(current_user), \
(SELECT quote_ident(nspname) FROM place), \
coalesce((SELECT has_schema_privilege(oid, 'USAGE') FROM place), false), \
coalesce((SELECT has_schema_privilege(oid, 'CREATE') FROM place), false), \
(SELECT pg_has_role(relowner, 'USAGE') FROM found), \
(SELECT string_agg(r.name, ', ') FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS r (name), found \
    WHERE NOT has_table_privilege(found.oid, r.name)), \
(SELECT string_agg(format('%I.%I(%s)', place.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), ', ') \
    FROM pg_proc p JOIN place ON p.pronamespace = place.oid \
    WHERE p.proname = ANY (ARRAY[{functions}]) AND NOT has_function_privilege(p.oid, 'EXECUTE')), \
current_setting('transaction_read_only') = 'on', pg_is_in_recovery(), (SELECT nspname::text FROM place), \
(SELECT quote_ident(name) FROM path ORDER BY rank LIMIT 1), \
coalesce((SELECT row_security_active(oid) FROM found), false)";

/// What a process of this version calls.
const FUNCTIONS: [&str; 12] = [
    "version",
    "schema",
    "finish_one",
    "finish",
    "load_5",
    "change_5",
    "renew",
    "sweep_6",
    "reap",
    "claim_here_5",
    "finish_here",
    "holds_here",
];

/// What the database says of this user and the table.
#[allow(clippy::struct_excessive_bools, reason = "each is one answer of the database")]
#[derive(Debug)]
pub(super) struct Rights {
    user: String,
    /// `None` where it is missing, or no schema of the search path may be used.
    schema: Option<String>,
    uses: bool,
    creates: bool,
    /// Whether it is the table's owner; `None` where there is no table.
    owns: Option<bool>,
    /// Of the table.
    lacks: Option<String>,
    /// Functions that it may not call.
    denied: Option<String>,
    read_only: bool,
    in_recovery: bool,
    /// [`schema`](Self::schema), not quoted.
    place: Option<String>,
    /// What the search path names first.
    first: Option<String>,
    /// Policies decide which rows it may see.
    filtered: bool,
}

impl Rights {
    pub(super) async fn look(connection: &mut PgConnection, name: &TableName) -> Result<Self, DriverFault> {
        let (schema, table) = name.parts();
        let schema = schema.map_or_else(|| "NULL".to_owned(), |schema| format!("'{schema}'"));
        // Made of a constant and a name that `TableName` has checked.
        let functions = FUNCTIONS.map(|function| format!("'{table}_{function}'")).join(", ");
        let sql =
            LOOK.replace("{schema}", &schema).replace("{name}", table).replace("{functions}", &functions);
        let sql = AssertSqlSafe(sql);
        let row = connection.fetch_one(sqlx::raw_sql(sql)).await.map_err(fault)?;
        let read = || {
            Ok(Self {
                user: row.try_get(0)?,
                schema: row.try_get(1)?,
                uses: row.try_get(2)?,
                creates: row.try_get(3)?,
                owns: row.try_get(4)?,
                lacks: row.try_get(5)?,
                denied: row.try_get(6)?,
                read_only: row.try_get(7)?,
                in_recovery: row.try_get(8)?,
                place: row.try_get(9)?,
                first: row.try_get(10)?,
                filtered: row.try_get(11)?,
            })
        };
        read().map_err(fault)
    }

    /// The schema that has the table, or where it would be created.
    pub(super) fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// Refuses a user that could not use the table as it is. Without a table, it must be able to create one if it
    /// `migrates`.
    pub(super) fn check(&self, name: &TableName, migrates: bool) -> Result<(), DriverFault> {
        if self.in_recovery {
            let message =
                "this PostgreSQL is a replica, or in recovery, and takes no writes: connect to the primary";
            return Err(DriverFault::Shut(Failure::new(StoreErrorKind::Unavailable, message)));
        }
        let mut mend = self.to_use(name);
        if migrates && self.owns.is_none() && !self.creates && self.schema.is_some() {
            mend.push(self.to_create());
        }
        if self.read_only {
            // In the connect options it can only be left out.
            mend.push(format!(
                "ALTER ROLE {} SET default_transaction_read_only = off /* and leave it out of the connect options */",
                self.user
            ));
        }
        self.refuse(&mend)
    }

    /// Refuses a user that could not migrate a table that is there.
    pub(super) fn check_to_migrate(&self, name: &TableName) -> Result<(), DriverFault> {
        let mut mend = self.to_use(name);
        if !self.creates {
            mend.push(self.to_create());
        }
        if self.owns == Some(false) {
            mend.push(format!("ALTER TABLE {} OWNER TO {}", self.table(name), self.user));
        }
        self.refuse(&mend)
    }

    /// With its schema: who runs a statement may look elsewhere.
    fn table(&self, name: &TableName) -> String {
        let (_, table) = name.parts();
        match &self.schema {
            Some(schema) => format!("{schema}.\"{table}\""),
            None => format!("\"{table}\""),
        }
    }

    fn to_create(&self) -> String {
        format!(
            "GRANT USAGE, CREATE ON SCHEMA {} TO {}",
            self.schema.as_deref().unwrap_or("public"),
            self.user
        )
    }

    fn to_use(&self, name: &TableName) -> Vec<String> {
        let mut mend = Vec::new();
        match &self.schema {
            Some(schema) if !self.uses => {
                mend.push(format!("GRANT USAGE ON SCHEMA {schema} TO {}", self.user));
            }
            Some(_) => {}
            None => match name.parts().0 {
                Some(schema) => mend.push(format!("CREATE SCHEMA {schema} AUTHORIZATION {}", self.user)),
                // No schema of its search path is there.
                None => match &self.first {
                    Some(first) => mend.push(format!("CREATE SCHEMA {first} AUTHORIZATION {}", self.user)),
                    // In the connect options it can only be left out.
                    None => mend.push(format!(
                        "ALTER ROLE {} SET search_path = public /* and leave it out of the connect options */",
                        self.user
                    )),
                },
            },
        }
        if let Some(lacks) = &self.lacks {
            mend.push(format!("GRANT {lacks} ON {} TO {}", self.table(name), self.user));
        }
        if self.filtered {
            mend.push(format!("ALTER TABLE {} DISABLE ROW LEVEL SECURITY", self.table(name)));
        }
        if let Some(denied) = &self.denied {
            mend.push(format!("GRANT EXECUTE ON FUNCTION {denied} TO {}", self.user));
        }
        mend
    }

    fn refuse(&self, mend: &[String]) -> Result<(), DriverFault> {
        if mend.is_empty() {
            return Ok(());
        }
        let message = format!(
            "the user {} may not do all that idem needs: let an owner run `{};`. Only a migration needs CREATE and the table's \
             ownership: where another user runs it, open with `migrate(false)`",
            self.user,
            mend.join("; ")
        );
        Err(DriverFault::Shut(Failure::new(StoreErrorKind::Misconfigured, message)))
    }
}
