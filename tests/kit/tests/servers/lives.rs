//! A server starts, is stopped or killed, and comes back as it was.

use std::{
    io::{ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use idem_testing::servers::{Cause, MariaDb, Postgres, Redis, Why, require, shared};

use crate::support::{Pg, all, redis};

#[test]
fn each_comes_back_on_its_port_after_stop_and_kill() {
    for server in all() {
        let server = (*server).as_ref();
        let address = server.addr();
        server.stop().unwrap();
        assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        server.start_again().unwrap();
        server.kill().unwrap();
        assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        server.start_again().unwrap();
        assert_eq!(server.addr(), address);
    }
}

#[test]
fn a_server_is_told_only_what_it_can_do() {
    for server in all() {
        let server = (*server).as_ref();
        assert!(matches!(server.start_again().unwrap_err().cause, Cause::RunsAlready));
        server.kill().unwrap();
        assert!(matches!(server.kill().unwrap_err().cause, Cause::NotRunning));
        assert!(matches!(server.stop().unwrap_err().cause, Cause::NotRunning));
        assert!(matches!(server.freeze().unwrap_err().cause, Cause::NotRunning));
    }
}

#[test]
fn a_frozen_server_can_be_stopped_killed_and_dropped() {
    for server in all() {
        let server = (*server).as_ref();
        server.freeze().unwrap();
        server.stop().unwrap();
        server.start_again().unwrap();
        server.freeze().unwrap();
        server.kill().unwrap();
        server.start_again().unwrap();
        server.freeze().unwrap();
    }
}

#[test]
fn a_dropped_server_is_gone_with_its_directory() {
    for server in all() {
        let (address, directory) = ((*server).as_ref().addr(), (*server).as_ref().directory().to_owned());
        assert!(directory.exists());
        drop(server);
        assert!(!directory.exists());
        drop(TcpListener::bind(address).unwrap());
    }
}

#[test]
fn postgres_keeps_its_data_when_killed() {
    let Some(postgres) = require(Postgres::start()) else { return };
    Pg::connect(postgres.addr())
        .ask("CREATE TABLE kept (what text); INSERT INTO kept VALUES ('it is here')")
        .unwrap();
    postgres.kill().unwrap();
    postgres.start_again().unwrap();
    assert!(Pg::connect(postgres.addr()).ask("SELECT what FROM kept").unwrap().contains("it is here"));
}

#[test]
fn a_frozen_postgres_answers_nothing_on_old_and_new_connections() {
    let Some(postgres) = require(Postgres::start()) else { return };
    let mut old = Pg::connect(postgres.addr());
    postgres.freeze().unwrap();
    old.send(&crate::support::simple("SELECT 'thawed'")).unwrap();
    let mut new = TcpStream::connect(postgres.addr()).unwrap();
    new.write_all(b"\0\0\0\x08\x04\xd2\x16\x2f").unwrap(); // SSLRequest, answered with one byte
    for stream in [&mut old.0, &mut new] {
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        stream.set_read_timeout(Some(crate::support::LONG)).unwrap();
    }
    postgres.thaw().unwrap();
    assert!(old.answer().unwrap().contains("thawed"));
    new.read_exact(&mut [0]).unwrap();
}

#[test]
fn settings_override_the_defaults_and_reach_the_log() {
    let settings = Postgres::builder().setting("fsync", "on").setting("log_statement", "all");
    let Some(postgres) = require(settings.setting("session_preload_libraries", "auto_explain").start())
    else {
        return;
    };
    let mut pg = Pg::connect(postgres.addr());
    assert!(pg.ask("SHOW fsync").unwrap().contains("on"));
    assert!(pg.ask("SHOW auto_explain.log_format").unwrap().contains("text"));
    pg.ask("SELECT 'seen in the log'").unwrap();
    assert!(postgres.log().contains("seen in the log"));
    assert!(postgres.log_path().is_file());
}

#[test]
fn redis_keeps_its_data_if_told_to() {
    let settings = Redis::builder().setting("appendonly", "yes").setting("appendfsync", "always");
    let Some(server) = require(settings.start()) else { return };
    assert!(redis(&server, "SET k kept").contains("+OK"));
    server.kill().unwrap();
    server.start_again().unwrap();
    assert!(redis(&server, "GET k").contains("kept"));
    let Some(forgetful) = require(Redis::start()) else { return };
    assert!(redis(&forgetful, "CONFIG GET appendonly").contains("no"));
}

#[test]
fn what_does_not_start_says_why() {
    let Err(postgres) = Postgres::builder().setting("no_such_setting", "1").start() else {
        panic!("it started")
    };
    let Err(mariadb) = MariaDb::builder().setting("no-such-setting", "1").start() else {
        panic!("it started")
    };
    for missing in [postgres, mariadb] {
        match &missing.why {
            Why::DidNotStart(failure) => {
                assert!(matches!(failure.cause, Cause::Ended { .. }), "{failure}");
                assert!(missing.to_string().contains("such"), "{missing}");
            }
            // Not installed.
            _ => assert!(require::<(), _>(Err(missing)).is_none()),
        }
    }
}

#[test]
fn the_shared_ones_are_started_once() {
    let urls = [shared::postgres(), shared::mariadb(), shared::redis()];
    let again = [shared::postgres(), shared::mariadb(), shared::redis()];
    for (url, again) in urls.into_iter().zip(again) {
        let Some(url) = require(url) else { continue };
        assert_eq!(url, again.unwrap());
    }
}
