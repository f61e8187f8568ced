//! A test without its server says so, and fails where it must not be skipped.

use std::{
    env,
    process::{Command, Output},
};

use idem_testing::servers::{Redis, require, shared};

/// Set for the process that finds no servers.
const ALONE: &str = "IDEM_SERVERS_TEST_ALONE";

#[test]
fn a_skip_is_said_once_past_the_capture_and_in_one_line() {
    let output = run(&[]);
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("SKIPPED")).collect();
    let [line] = lines[..] else { panic!("{said}") };
    for part in ["no Redis", "not installed", "redis-server", "IDEM_TEST_REDIS_URL"] {
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn a_skip_is_a_failure_where_servers_are_required() {
    for variable in ["CI", "IDEM_REQUIRE_SERVERS"] {
        assert!(!run(&[(variable, "1")]).status.success(), "{variable}");
    }
}

#[test]
fn a_server_that_the_environment_names_is_not_started() {
    let output = run(&[("IDEM_TEST_REDIS_URL", "redis://elsewhere:1"), ("IDEM_REQUIRE_SERVERS", "1")]);
    assert!(output.status.success());
}

/// Not a test of its own, but what the others run in another process.
#[test]
fn child() {
    if env::var(ALONE).is_err() {
        return;
    }
    if let Ok(named) = env::var("IDEM_TEST_REDIS_URL") {
        assert_eq!(require(shared::redis()), Some(&*named));
        return;
    }
    assert!(require(Redis::start()).is_none());
    assert!(require(shared::redis()).is_none());
}

/// Without anything on the path, so without servers.
fn run(variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "servers::missing::child"]).env_clear();
    command.env("PATH", "/nowhere").env("IDEM_INSTALL_SERVERS", "0").env(ALONE, "1");
    command.envs(variables.iter().copied()).output().unwrap()
}
