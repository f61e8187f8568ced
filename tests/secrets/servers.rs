//! The stores on servers that log every statement they are sent; and each store when its server is gone.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::post;
use idem_core::current;
use idem_core::idempotent;
use idem_core::store::Store;
use idem_core::store::mysql::MySqlStore;
use idem_core::store::postgres::PostgresStore;
use idem_core::store::redis::RedisStore;
use idem_core::tx::{MySqlTx, PgTx};
use idem_testing::proxy::Proxy;
use idem_testing::servers::{MariaDb, Postgres, Redis, require};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, MySqlPool, PgPool, Row};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::marks::{BODY, PASSWORD, REPLY};
use super::run::{ask, builder, transfer, whole};
use super::shown::{check, debug, error, see};

type Answer = (StatusCode, String);

transfer!(transfer_postgres, PgTx);
transfer!(transfer_mysql, MySqlTx);

/// Makes the run on each; gives the names of the types that cannot be had, because there is no server.
pub(crate) async fn all() -> BTreeSet<String> {
    let mut missing = BTreeSet::new();
    if postgres().await.is_none() {
        missing.insert("idem_core::store::postgres::store::PostgresStore".to_owned());
    }
    if mariadb().await.is_none() {
        missing.insert("idem_core::store::mysql::store::MySqlStore".to_owned());
    }
    if redis().await.is_none() {
        missing.insert("idem_core::store::redis::store::RedisStore".to_owned());
    }
    missing
}

async fn postgres() -> Option<()> {
    // The text of every statement, and no parameters: where idem puts a value is what is asked.
    let server = Postgres::builder().setting("log_statement", "all").setting("log_parameter_max_length", "0");
    let server = require(server.start())?;
    let url = server.url().replace("postgres@", &format!("postgres:{PASSWORD}@"));
    // Of the application, which logs every statement.
    let pool = PgPool::connect(&url).await.unwrap();
    let transfers = || Router::new().route("/tx/{mode}", post(transfer_postgres));
    whole(debug(PostgresStore::connect(&pool).await.unwrap()), transfers()).await;
    let log = server.log();
    assert!(log.contains("INSERT"), "the server does not log statements");
    check("PostgreSQL was sent a statement that", &log);

    // The server's own log is not looked at: there the arguments of the store's own statements are written out.
    let pooled = PostgresStore::builder(&pool).table("pooled").through_pooler(true);
    whole(debug(pooled.open().await.unwrap()), transfers()).await;

    let proxy = Proxy::to(server.addr()).await.unwrap();
    let store = PostgresStore::connect(&proxy.url(&url)).await.unwrap();
    gone(store, proxy, transfers()).await;
    error(PostgresStore::connect(&url.replace(&server.host_port(), "127.0.0.1:1")).await.unwrap_err());
    Some(())
}

async fn mariadb() -> Option<()> {
    let server = require(MariaDb::builder().setting("log-output", "TABLE").start())?;
    // What the test itself says is not looked at.
    let root: MySqlConnectOptions = server.url().parse().unwrap();
    let mut root = root.disable_statement_logging().connect().await.unwrap();
    for sql in [
        format!("CREATE USER marked@'%' IDENTIFIED BY '{PASSWORD}'"),
        "GRANT ALL ON *.* TO marked@'%'".to_owned(),
        "SET GLOBAL general_log = 1".to_owned(),
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut root).await.unwrap();
    }
    let url = server.url().replace("root@", &format!("marked:{PASSWORD}@"));
    let pool = MySqlPool::connect(&url).await.unwrap();
    let store = debug(MySqlStore::connect(&pool).await.unwrap());
    whole(store, Router::new().route("/tx/{mode}", post(transfer_mysql))).await;
    // `Execute` shows a prepared statement with its parameters in it, which the server put there.
    let sent =
        "SELECT CAST(argument AS CHAR) FROM mysql.general_log WHERE command_type IN ('Prepare', 'Query')";
    let sent = sqlx::query(sent).fetch_all(&mut root).await.unwrap();
    let sent: Vec<String> = sent.iter().map(|row| row.get(0)).collect();
    assert!(sent.iter().any(|sql| sql.contains("INSERT")), "the server does not log statements: {sent:?}");
    for sql in sent {
        check("MariaDB was sent a statement that", &sql);
    }

    let proxy = Proxy::to(server.addr()).await.unwrap();
    let store = MySqlStore::connect(&proxy.url(&url)).await.unwrap();
    gone(store, proxy, Router::new().route("/tx/{mode}", post(transfer_mysql))).await;
    error(MySqlStore::connect(&url.replace(&server.host_port(), "127.0.0.1:1")).await.unwrap_err());
    error(MySqlStore::connect(&url.replace("marked:", "nobody:")).await.unwrap_err());
    Some(())
}

async fn redis() -> Option<()> {
    let server = require(Redis::start())?;
    let mut shell = TcpStream::connect(server.addr()).await.unwrap();
    shell.write_all(format!("ACL SETUSER marked on >{PASSWORD} ~* &* +@all\r\n").as_bytes()).await.unwrap();
    let mut said = [0; 5];
    shell.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"+OK\r\n");
    let url = server.url().replace("redis://", &format!("redis://marked:{PASSWORD}@"));
    whole(debug(RedisStore::connect(&url).await.unwrap()), Router::new()).await;
    let proxy = Proxy::to(server.addr()).await.unwrap();
    let store = RedisStore::connect(&proxy.url(&url)).await.unwrap();
    gone(store, proxy, Router::new()).await;
    error(RedisStore::connect(&url.replace("marked:", "nobody:")).await.unwrap_err());
    Some(())
}

/// Calls while the server cannot be reached: before they begin, and when they end.
async fn gone<S: Store>(store: S, proxy: Proxy, transfers: Router) {
    let idem = builder(store);
    let couples = transfers.has_routes();
    let app = Router::new()
        .route("/late", post(late))
        .route("/later", post(late))
        .merge(transfers)
        .layer(idem.layer());
    let ends = async {
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        drop(proxy);
    };
    let (undecided, ()) = tokio::join!(ask(&app, "/late", BODY), ends);
    assert_eq!(undecided, 503);
    assert_eq!(ask(&app, "/later", BODY).await, 503);
    if couples {
        assert_eq!(ask(&app, "/tx/tx", BODY).await, 503);
    }
    error(idem.operator().count(idem_core::protocol::StateKind::Unknown).await.unwrap_err());
}

#[idempotent]
async fn late(_: String) -> Answer {
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    (StatusCode::CREATED, REPLY.to_owned())
}
