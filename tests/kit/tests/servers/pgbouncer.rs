//! A pool in transaction mode.

use idem_testing::servers::{PgBouncer, Postgres, require};

use crate::support::Pg;

#[test]
fn transactions_of_two_clients_share_a_connection() {
    let Some(postgres) = require(Postgres::start()) else { return };
    let pool = PgBouncer::builder(postgres.addr()).setting("default_pool_size", "1");
    let Some(pool) = require(pool.start()) else { return };
    let ask = |pg: &mut Pg| pg.ask("SELECT pg_backend_pid()").unwrap();
    let (mut one, mut two) = (Pg::connect(pool.addr()), Pg::connect(pool.addr()));
    assert_eq!(ask(&mut one), ask(&mut two));
    assert_ne!(ask(&mut one), ask(&mut Pg::connect(postgres.addr())));
}

#[test]
fn it_comes_back_like_any_server() {
    let Some(postgres) = require(Postgres::start()) else { return };
    let Some(pool) = require(PgBouncer::start(&postgres)) else { return };
    pool.freeze().unwrap();
    pool.thaw().unwrap();
    pool.kill().unwrap();
    pool.start_again().unwrap();
    pool.stop().unwrap();
    pool.start_again().unwrap();
    assert!(Pg::connect(pool.addr()).ask("SELECT 'through'").unwrap().contains("through"));
}
