//! Going down in order.

use rustix::process::Signal;

use crate::support::{Pending, Shared, Target, post};

#[test]
fn on_sigterm_a_running_request_is_answered_and_the_exit_code_is_0() {
    let shared = Shared::new();
    let target = shared.start(&[]);
    let request = post("/slow?ms=1000").key("k");
    let running = target.begin(&request);
    target.signal(Signal::TERM);
    let first = running.reply();
    assert_eq!((first.status, first.is_replay()), (201, false));
    assert_eq!(target.ended().code(), Some(0));
    let reply = shared.start(&[]).send(&request);
    assert!(reply.is_replay(), "its record is whole");
    assert_eq!(reply.essence(), first.essence());
}

#[test]
fn on_sigterm_a_handler_whose_caller_has_hung_up_is_waited_for() {
    let shared = Shared::new();
    let target = shared.start(&[]);
    let request = post("/slow?ms=3000").key("k");
    drop(target.begin(&request));
    target.signal(Signal::TERM);
    assert_eq!(target.ended().code(), Some(0));
    let reply = shared.start(&[]).send(&request);
    assert_eq!((reply.status, reply.is_replay()), (201, true), "its record is whole");
}

#[test]
fn while_it_drains_new_operations_are_refused_with_503_and_run_nothing() {
    // On a busy machine the handler may have ended before a request is refused: then once more, with a slower one.
    let refused = [1500, 6000, 24_000].into_iter().any(refuses_while_it_drains);
    assert!(refused, "every handler had ended before a request was refused");
}

/// False if the server was gone before it refused a request.
fn refuses_while_it_drains(millis: u32) -> bool {
    let target = Target::start(&[]);
    let running = target.begin(&post(&format!("/slow?ms={millis}")).key("k"));
    target.signal(Signal::TERM);
    let refused = loop {
        let answer = post("/pay").key("new").try_begin(target.address()).and_then(Pending::answer);
        match answer {
            Some(reply) if reply.status == 201 => {}
            other => break other,
        }
    };
    assert_eq!(running.reply().status, 201);
    assert_eq!(target.ended().code(), Some(0));
    let Some(refused) = refused else { return false };
    assert_eq!(refused.refusal(), (503, "shutting-down".to_owned()));
    assert_eq!(refused.one("retry-after"), Some("1"));
    true
}

#[test]
fn an_idle_server_ends_at_once() {
    let target = Target::start(&[]);
    target.send(&post("/pay").key("k"));
    target.signal(Signal::TERM);
    assert_eq!(target.ended().code(), Some(0));
}
