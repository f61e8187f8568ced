//! Keys, bodies and credentials stay out of `Debug` and errors.

use idem_client::IdempotencyKey;

use crate::client;
use crate::server::{Act, Server, reply};

const KEY: &str = "key-5f1c";
const SECRETS: [&str; 5] = [KEY, "body-8d2e", "token-77aa", "query-31b0", "password-90fd"];
/// JSON, so that reading it as another shape fails on this very value.
const BODY: &str = "\"body-8d2e\"";

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
    for script in [vec![reply(503, &[&echo], BODY), Act::Drop], vec![reply(200, &[&echo], BODY)]] {
        let server = Server::start(script).await;
        let url = server.url("/p?q=query-31b0").replace("http://", "http://user:password-90fd@");
        let mut shown = vec![format!("{:?}", request(url.clone()))];
        shown.push(format!("{:?}", request(url.clone()).build().unwrap()));
        let outcome = request(url).send().await.unwrap();
        shown.push(format!("{outcome:?}"));
        let error = outcome.json::<u32>().unwrap_err();
        let mut next: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = next {
            shown.push(format!("{error} {error:?}"));
            next = error.source();
        }
        let shown = shown.join("\n");
        for secret in SECRETS {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}
