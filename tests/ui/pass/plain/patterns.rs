//! Arguments taken apart, and some that the body does not name.

use idem_core::{Idem, Refused, idempotent};

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

struct Message {
    id: u64,
    text: String,
    sent: u64,
}

#[idempotent(with = idem, key = (id, first), name = "patterns")]
async fn settle(
    idem: &Idem,
    Message { id, mut text, .. }: Message,
    (first, ref rest): (char, Vec<u8>),
    [_, middle, _]: [u8; 3],
    &shared: &u8,
    _: &str,
    _unused: (),
) -> Result<String, Refused> {
    text.push(first);
    Ok(format!("{text} {rest:?} {middle} {shared} {}", RUNS.next()))
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    for _ in 0..2 {
        let message = Message { id: 1, text: "hello".to_owned(), sent: 5 };
        assert_eq!(message.sent, 5);
        let settled = settle(&idem, message, ('!', vec![1]), [1, 2, 3], &4, "", ()).await;
        assert_eq!(settled.as_deref(), Ok("hello! [1] 2 4 1"));
    }
}
