//! Raw identifiers, labels, loops, nested items, macros and `Self`-less paths within the body.

use idem_core::{Idem, Refused, idempotent};

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

#[idempotent(with = idem, key = r#type, name = "raw")]
async fn r#match(idem: &Idem, r#type: u64) -> Result<Vec<String>, Refused> {
    use std::fmt::Write as _;

    const LIMIT: u64 = 3;

    #[derive(Debug)]
    struct Line(u64);

    fn line(number: u64) -> Line {
        Line(number)
    }

    macro_rules! shown {
        ($value:expr) => {{
            let mut text = String::new();
            write!(text, "{:?}", $value).unwrap();
            text
        }};
    }

    RUNS.next();
    let mut lines = Vec::new();
    'all: loop {
        for number in r#type.. {
            if number > LIMIT {
                break 'all;
            }
            lines.push(shown!(line(number)));
        }
    }
    Ok(lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    for _ in 0..2 {
        assert_eq!(r#match(&idem, 2).await, Ok(vec!["Line(2)".to_owned(), "Line(3)".to_owned()]));
    }
    assert_eq!(RUNS.total(), 1);
}
