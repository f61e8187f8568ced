//! The statements.

/// As the database writes arguments.
#[derive(Debug)]
pub(super) struct Statements {
    /// Amount, account, amount.
    pub(super) take: &'static str,
    /// Amount, account.
    pub(super) give: &'static str,
    /// A row of the ledger.
    pub(super) enter: &'static str,
    /// Account, balance.
    pub(super) open: &'static str,
}

/// SQLite and MySQL.
pub(super) const QUESTION_MARKS: Statements = Statements {
    take: "UPDATE transfers_account SET balance = balance - ? WHERE id = ? AND balance >= ?",
    give: "UPDATE transfers_account SET balance = balance + ? WHERE id = ?",
    enter: "INSERT INTO transfers_ledger (receipt, order_no, payer, payee, amount) VALUES (?, ?, ?, ?, ?)",
    open: "INSERT INTO transfers_account (id, balance) VALUES (?, ?)",
};

/// PostgreSQL.
pub(super) const NUMBERS: Statements = Statements {
    take: "UPDATE transfers_account SET balance = balance - $1 WHERE id = $2 AND balance >= $3",
    give: "UPDATE transfers_account SET balance = balance + $1 WHERE id = $2",
    enter: "INSERT INTO transfers_ledger (receipt, order_no, payer, payee, amount) VALUES ($1, $2, $3, $4, $5)",
    open: "INSERT INTO transfers_account (id, balance) VALUES ($1, $2)",
};

/// The tables, made anew. The ledger's columns are not unique: what is there twice is to be seen.
pub(super) const CREATE: [&str; 4] = [
    "DROP TABLE IF EXISTS transfers_account",
    "DROP TABLE IF EXISTS transfers_ledger",
    "CREATE TABLE transfers_account (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL)",
    "CREATE TABLE transfers_ledger (receipt BIGINT NOT NULL, order_no BIGINT NOT NULL, payer BIGINT NOT NULL, \
     payee BIGINT NOT NULL, amount BIGINT NOT NULL)",
];

pub(super) const BALANCES: &str = "SELECT balance FROM transfers_account ORDER BY id";
pub(super) const LEDGER: &str = "SELECT receipt, order_no, payer, payee, amount FROM transfers_ledger";
