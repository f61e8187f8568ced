//! Keys, bodies and credentials stay out of `Debug` and errors.

use idem_client::IdempotencyKey;

use crate::client;
use crate::server::{Act, Server, reply};

const KEY: &str = "key-5f1c";
const SECRETS: [&str; 4] = [KEY, "body-8d2e", "token-77aa", "query-31b0"];

fn request(url: String) -> idem_client::RequestBuilder {
    client()
        .post(url)
        .header("authorization", "token-77aa")
        .body("body-8d2e")
        .key(IdempotencyKey::new(KEY).unwrap())
}

#[tokio::test]
async fn debug_and_errors_show_none_of_them() {
    // The server echoes the key, as Adyen does.
    let echo = format!("idempotency-key: {KEY}");
    for script in
        [vec![reply(503, &[&echo], "body-8d2e"), Act::Drop], vec![reply(200, &[&echo], "body-8d2e")]]
    {
        let server = Server::start(script).await;
        let url = server.url("/p?q=query-31b0");
        let mut shown = vec![format!("{:?}", request(url.clone()))];
        shown.push(format!("{:?}", request(url.clone()).build().unwrap()));
        let outcome = request(url).send().await.unwrap();
        shown.push(format!("{outcome:?}"));
        if let Err(error) = outcome.into_result() {
            shown.push(format!("{error:?}"));
            let mut next: Option<&dyn std::error::Error> = Some(&error);
            while let Some(error) = next {
                shown.push(format!("{error} {error:?}"));
                next = error.source();
            }
        }
        let shown = shown.join("\n");
        for secret in SECRETS {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}
