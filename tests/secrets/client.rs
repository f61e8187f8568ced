//! The client: its requests, hooks, outcomes and errors.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use idem_client::engine::{Answer, Engine, FullJitter, Reached, Repeat, Replay, Step, classify};
use idem_client::key::{KeyForm, KeyHeader};
use idem_client::{Client, Error, IdempotencyKey, Outcome, Policy};

use super::marks::{BODY, KEY, PASSWORD, REPLY};
use super::shown::{debug, display, error, see};

pub(crate) async fn format_all() {
    engine();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answers = |status: u16, code: &'static str| {
        post(async move || {
            let body = format!(r#"{{"said":"{REPLY}","code":"{code}"}}"#);
            let echo = [("idempotency-key", KEY), ("x-said", REPLY)];
            (StatusCode::from_u16(status).unwrap(), echo, body).into_response()
        })
    };
    let app = Router::new()
        .route("/ok", answers(200, ""))
        .route("/no", answers(422, ""))
        .route("/reused", answers(400, "idempotency-key-reused"))
        .route("/running", answers(409, "request-in-progress"))
        .route("/expired", answers(409, "key-expired"))
        .route("/broken", answers(500, ""));
    tokio::spawn(async move { axum::serve(listener, app).await });

    let policy = Policy::default()
        .max_attempts(2)
        .base_delay(Duration::from_millis(1))
        .in_progress_timeout(Duration::from_millis(20))
        .total_timeout(Duration::from_secs(5));
    let client = debug(Client::builder().policy(policy).prepare_attempt(async |context| {
        see(context);
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, PASSWORD.parse().unwrap());
        Ok(headers)
    }));
    let client = debug(client.build().unwrap());
    let request = |path: &str| {
        let url = format!("http://user:{PASSWORD}@{address}/{path}?token={PASSWORD}");
        let request = client.post(url).header("x-token", PASSWORD).body(BODY);
        debug(request.key(IdempotencyKey::new(KEY).unwrap()))
    };
    for path in ["ok", "no", "reused", "running", "expired", "broken"] {
        let outcome = debug(debug(request(path).build().unwrap()).send().await.unwrap());
        see(outcome.report());
        outcome.reply().map(debug);
        if let Outcome::Completed(answered) = &outcome {
            see(answered);
        }
        if let Outcome::Rejected(rejected) = &outcome {
            see(rejected);
        }
        if let Outcome::Expired(expired) = &outcome {
            see(expired);
        }
        let read = error(outcome.json::<BTreeMap<String, u32>>().unwrap_err());
        match read {
            idem_client::outcome::ReadError::Json(why) => drop(error(why)),
            idem_client::outcome::ReadError::NotCompleted(why) => drop(error(why)),
            _ => {}
        }
    }
    // No server listens there.
    let unsent = client.post(format!("http://user:{PASSWORD}@127.0.0.1:1/p?token={PASSWORD}")).body(BODY);
    let outcome = unsent.key(IdempotencyKey::new(KEY).unwrap()).send().await.unwrap();
    let open = debug(outcome.into_unresolved().unwrap());
    see(open.error().unwrap().kind());
    error(open.error().unwrap());
    for wrong in [
        client.post(format!("ftp://user:{PASSWORD}@host/?token={PASSWORD}")),
        client.post(format!("http://user:{PASSWORD}@:x/?token={PASSWORD}")),
        request("ok").header("idempotency-key", KEY),
        request("ok").header("x-token", format!("{PASSWORD}\n")),
        request("ok").header(format!("x {PASSWORD}"), "1"),
    ] {
        error(Error::from(error(debug(wrong).build().unwrap_err())));
    }
}

fn engine() {
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, PASSWORD.parse().unwrap())]);
    let (body, received_at) = (REPLY.as_bytes(), SystemTime::now());
    let answer = debug(Answer::new(StatusCode::OK, &headers, body, received_at));
    let repeat = debug(Repeat::of(Some(&KEY), &axum::http::Method::POST));
    let verdict = debug(classify(&answer, repeat));
    see(Replay::of(&headers));
    see(FullJitter::new(Duration::from_millis(1), Duration::from_millis(2), 1));
    let (policy, reached) = (debug(Policy::default()), debug(Reached::Nothing));
    let (mut engine, step) = Engine::begin(&policy, repeat, reached, 1, None, Duration::ZERO);
    see(&step);
    let Step::Send(permit) = step else { panic!("the first step is to send") };
    let again = idem_client::engine::Verdict::Again { hint: None, reached: Reached::InDoubt };
    let step = debug(engine.settle(debug(permit), again, Duration::ZERO));
    see(&engine);
    let Step::Wait(pause) = step else { panic!("a failure is followed by a pause") };
    let due = pause.duration();
    let Step::Send(permit) = engine.resume(debug(pause), due) else { panic!("after it comes a try") };
    let Step::Stop(end) = debug(engine.settle(permit, verdict, due)) else { panic!("200 is final") };
    display(end.reason);
    see(end.ending);
    see(end);
    see(idem_client::Rejection::Refused);
    see(idem_client::engine::Refresh::Pointless);
    see(KeyHeader::standard(debug(KeyForm::Bare)));
}
