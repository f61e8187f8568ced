//! What becomes of a process under a fault, from outside.

use std::env;
use std::fmt::Debug;
use std::io::{self, BufRead, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use idem_core::fault;
use idem_testing::faults::{Act, Mark, NotStruck, Outcome, Process, Strike, Victim, points};

/// Set for the process that reaches points: which, one after the other.
const POINTS: &str = "IDEM_TESTING_POINTS";

/// Not a test of its own, but what the others run in another process.
#[test]
fn child() {
    let Ok(points) = env::var(POINTS) else { return };
    for point in points.split(' ') {
        match point {
            "input" => drop(io::stdin().read_line(&mut String::new())),
            "noise" => {
                // Beyond what a pipe holds, and not UTF-8.
                for _ in 0..3_000 {
                    drop(
                        io::stderr().write_all(b"\xff a line of noise that is long enough to fill a pipe\n"),
                    );
                }
            }
            "unfinished" => eprint!("a line that does not end"),
            "forged" => eprintln!("idem fault: mine: kill at reaching 1"),
            // Another process keeps the standard error open.
            "heir" => drop(Command::new("sleep").arg("5").stdout(Stdio::null()).spawn()),
            // A panic is the end of its thread.
            point => drop(
                std::thread::spawn({
                    let point = point.to_owned();
                    move || fault::reach(&point)
                })
                .join(),
            ),
        }
    }
    println!("\ndone");
    std::process::exit(3);
}

fn reaching(points: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "faults::child", "--nocapture"]).env(POINTS, points);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

#[track_caller]
fn mark(outcome: &impl Debug, mark: &Mark, point: &str, act: Act, reached: u64) {
    assert_eq!((&*mark.point, mark.act, mark.reached), (point, act, reached), "{outcome:?}");
}

#[test]
fn a_killed_process_is_gone() {
    let strike = Strike::kill(points::ENGINE_RUN_BEFORE).nth(2);
    let mut victim =
        Victim::start(&mut reaching("engine.run.before noise engine.run.before input"), &strike).unwrap();
    let outcome = victim.outcome().unwrap();
    let Outcome::Killed(seen) = &outcome else { panic!("{outcome:?}") };
    mark(&outcome, seen, "engine.run.before", Act::Kill, 2);
    assert!(!victim.process().wait().unwrap().success());
    assert!(!victim.process().until_still().unwrap());
    assert_eq!(victim.said().lines().count(), 20, "the end of what it said: {}", victim.said());
    victim.process().stop().unwrap_err();
    victim.process().wake().unwrap_err();
}

#[test]
fn a_frozen_process_stands_still_and_goes_on() {
    let mut victim = Victim::start(&mut reaching("mine"), &Strike::freeze("own:mine")).unwrap();
    let outcome = victim.outcome().unwrap();
    let Outcome::Frozen(seen) = &outcome else { panic!("{outcome:?}") };
    mark(&outcome, seen, "mine", Act::Freeze, 1);
    assert!(victim.process().until_still().unwrap());
    victim.process().wake().unwrap();
    assert_eq!(victim.process().wait().unwrap().code(), Some(3));
}

#[test]
fn a_frozen_process_goes_with_its_victim() {
    let mut victim = Victim::start(&mut reaching("mine"), &Strike::freeze("own:mine")).unwrap();
    assert!(matches!(victim.outcome().unwrap(), Outcome::Frozen(_)));
    let mut lines = io::BufReader::new(victim.process().stdout().unwrap()).lines();
    drop(victim);
    // The pipe closes with the process, which never came to its last line.
    assert!(lines.all(|line| line.unwrap() != "done"));
}

#[test]
fn a_panic_does_not_end_the_process() {
    let mut victim = Victim::start(&mut reaching("mine input"), &Strike::panic("own:mine")).unwrap();
    let outcome = victim.outcome().unwrap();
    let Outcome::Panicked(seen) = &outcome else { panic!("{outcome:?}") };
    mark(&outcome, seen, "mine", Act::Panic, 1);
    drop(victim.process().stdin());
    assert_eq!(victim.process().wait().unwrap().code(), Some(3));
}

#[test]
fn a_process_that_does_not_reach_the_point_ends_as_it_does() {
    let mut victim = Victim::start(&mut reaching("mine other"), &Strike::kill("own:mine").nth(2)).unwrap();
    let Outcome::Ended(status) = victim.outcome().unwrap() else { panic!("it was not struck") };
    assert_eq!(status.code(), Some(3));
}

#[test]
fn a_fault_that_does_not_strike_is_told_with_what_the_process_said() {
    let strike = Strike::kill("own:mine");
    let mut victim =
        Victim::start(&mut reaching("noise input"), &strike).unwrap().within(Duration::from_millis(200));
    let told = victim.outcome().unwrap_err();
    assert!(matches!(&told, NotStruck::TooLong { .. }), "{told}");
    assert!(told.to_string().contains("own:mine=kill@1"), "{told}");
    // The process is there, and can still be waited for.
    drop(victim.process().stdin());
    assert!(matches!(victim.within(Duration::from_mins(1)).outcome().unwrap(), Outcome::Ended(_)));
}

#[test]
fn a_mark_behind_a_line_that_does_not_end_is_seen() {
    let mut victim = Victim::start(&mut reaching("unfinished mine"), &Strike::kill("own:mine")).unwrap();
    let outcome = victim.outcome().unwrap();
    let Outcome::Killed(seen) = &outcome else { panic!("{outcome:?}") };
    mark(&outcome, seen, "mine", Act::Kill, 1);
    assert_eq!(victim.outcome().unwrap(), outcome, "asked again, it says the same");
}

#[test]
fn a_line_that_looks_like_a_mark_has_killed_no_process() {
    let mut victim = Victim::start(&mut reaching("forged"), &Strike::kill("own:mine")).unwrap();
    let Outcome::Ended(status) = victim.outcome().unwrap() else { panic!("it was not struck") };
    assert_eq!(status.code(), Some(3));
}

#[test]
fn a_forged_mark_of_a_process_that_runs_on_is_told_in_time() {
    for strike in [Strike::kill("own:mine"), Strike::freeze("own:mine")] {
        let command =
            &mut reaching(if strike == Strike::kill("own:mine") { "forged input" } else { "input" });
        let mut victim = Victim::start(command, &strike).unwrap().within(Duration::from_millis(200));
        assert!(matches!(victim.outcome().unwrap_err(), NotStruck::TooLong { .. }));
    }
}

#[test]
fn a_process_has_ended_while_its_heir_keeps_the_standard_error_open() {
    let mut victim = Victim::start(&mut reaching("heir"), &Strike::kill("own:mine")).unwrap();
    let Outcome::Ended(status) = victim.outcome().unwrap() else { panic!("it was not struck") };
    assert_eq!(status.code(), Some(3));
}

#[test]
fn what_a_process_says_is_in_no_debug_text_and_any_limit_may_be_set() {
    let mut victim = Victim::start(&mut reaching("unfinished input"), &Strike::kill("own:mine"))
        .unwrap()
        .within(Duration::from_millis(200));
    let told = victim.outcome().unwrap_err();
    drop(victim.process().stdin());
    let mut victim = victim.within(Duration::MAX);
    assert!(matches!(victim.outcome().unwrap(), Outcome::Ended(_)));
    assert!(victim.said().contains("does not end"));
    for text in [format!("{victim:?}"), format!("{told:?}")] {
        assert!(!text.contains("does not end"), "{text}");
    }
}

#[test]
fn the_next_process_of_the_command_is_without_the_fault() {
    let mut command = reaching("mine");
    let mut victim = Victim::start(&mut command, &Strike::kill("own:mine")).unwrap();
    assert!(matches!(victim.outcome().unwrap(), Outcome::Killed(_)));
    assert_eq!(Process::spawn(&mut command).unwrap().wait().unwrap().code(), Some(3));
}

#[test]
fn a_stopped_process_can_be_killed() {
    let mut process = Process::spawn(&mut reaching("input")).unwrap();
    process.stop().unwrap();
    assert!(process.until_still().unwrap());
    assert!(!process.kill().unwrap().success());
    process.kill().unwrap();
}

#[test]
fn what_is_no_point_is_refused() {
    for no_point in
        ["engine.complete", "own:", "mine", "own:mine=kill", "own:a;own:b", "*", "own:a\nb", "own:a: kill"]
    {
        std::panic::catch_unwind(|| Strike::kill(no_point)).unwrap_err();
    }
    std::panic::catch_unwind(|| Strike::kill("own:mine").nth(0)).unwrap_err();
}
