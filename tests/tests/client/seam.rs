//! What the server says is what the client understands.

use idem_client::{Client, Operation, Outcome};

use crate::support::{Target, post};

fn client() -> Client {
    Client::builder().build().expect("a client")
}

fn operation(target: &Target, path: &str, order: u64) -> Operation {
    let request = client().post(format!("http://{}{path}", target.address())).header("x-account", "ada");
    request
        .json(&serde_json::json!({ "amount": 7 }))
        .operation(("charge", order))
        .build()
        .expect("an operation")
}

async fn sent(operation: Operation) -> Outcome {
    operation.send().await.expect("it can be sent")
}

#[tokio::test]
async fn two_clients_with_one_operation_run_it_once() {
    let target = Target::start(&[]);
    let mut bodies = Vec::new();
    for replayed in [false, true] {
        // A client of its own, as after a restart: the key is derived anew.
        let outcome = sent(operation(&target, "/pay", 17)).await;
        let Outcome::Completed(answer) = outcome else { panic!("{outcome:?}") };
        assert_eq!((answer.reply().status().as_u16(), answer.reply().replayed()), (201, replayed));
        bodies.push(answer.reply().body().clone());
    }
    assert_eq!(bodies[0], bodies[1]);
    let other = sent(operation(&target, "/pay", 18)).await;
    assert!(other.reply().is_some_and(|reply| !reply.replayed()));
    assert_eq!(target.total(), 2);
}

#[tokio::test]
async fn a_client_polls_what_another_has_running_and_gets_its_answer() {
    let target = Target::start(&[]);
    let operation = operation(&target, "/slow?ms=1500", 17);
    let key = operation.key().expect("a key").to_structured();
    let running = target.begin(&post("/slow?ms=1500").key(&key));
    let outcome = sent(operation).await;
    assert!(outcome.polls() > 0, "{outcome:?}");
    let Outcome::Completed(answer) = outcome else { panic!("{outcome:?}") };
    assert!(answer.reply().replayed());
    assert_eq!(answer.reply().body().as_ref(), running.reply().body);
    assert_eq!(target.total(), 1);
}

#[tokio::test]
async fn refusals_arrive_as_the_outcomes_that_they_mean() {
    let target = Target::start(&[]);
    assert!(sent(operation(&target, "/status/404", 1)).await.reply().is_some());
    let again = sent(operation(&target, "/status/404", 1)).await;
    assert!(matches!(again, Outcome::Rejected(_)), "{again:?}");
    let panicked = sent(operation(&target, "/panic", 2)).await;
    assert!(matches!(panicked, Outcome::Unknown(_)), "{panicked:?}");
    let first = operation(&target, "/pay", 3);
    let key = first.key().expect("a key").clone();
    assert!(sent(first).await.is_completed());
    let url = format!("http://{}/pay", target.address());
    let other =
        client().post(url).header("x-account", "ada").json(&serde_json::json!({ "amount": 8 })).key(key);
    let mismatch = other.send().await.expect("it is sent");
    assert!(matches!(mismatch, Outcome::KeyMismatch(_)), "{mismatch:?}");
    assert_eq!(target.total(), 3);
}
