//! Texts that are JSON, nearly JSON, or JSON that is refused.

use fastrand::Rng;

/// The text of `seed`, the same each time.
pub(super) fn text(seed: u64) -> Vec<u8> {
    let mut rng = Rng::with_seed(seed);
    let mut text = String::new();
    space(&mut rng, &mut text);
    if rng.u8(..) < 16 {
        nest(&mut rng, &mut text);
    } else {
        value(&mut rng, 0, &mut text);
    }
    space(&mut rng, &mut text);
    let mut bytes = text.into_bytes();
    if rng.u8(..) < 64 && !bytes.is_empty() {
        spoil(&mut rng, &mut bytes);
    }
    bytes
}

/// Around the deepest nesting that is accepted.
fn nest(rng: &mut Rng, text: &mut String) {
    let levels = rng.usize(120..136);
    let objects: Vec<bool> = (0..levels).map(|_| rng.bool()).collect();
    for object in &objects {
        text.push_str(if *object { r#"{"ts":"# } else { "[" });
    }
    text.push_str("null");
    for object in objects.iter().rev() {
        text.push(if *object { '}' } else { ']' });
    }
}

/// One byte goes, comes, or becomes another.
fn spoil(rng: &mut Rng, bytes: &mut Vec<u8>) {
    let at = rng.usize(..bytes.len());
    let byte = if rng.bool() { rng.u8(..) } else { *rng.choice(br#"{}[]",:\0-e. u"#).unwrap() };
    match rng.u8(..3) {
        0 => {
            bytes.remove(at);
        }
        1 => bytes.insert(at, byte),
        _ => bytes[at] = byte,
    }
}

fn value(rng: &mut Rng, depth: u8, text: &mut String) {
    let kinds = if depth < 5 { 8 } else { 4 };
    match rng.u8(..kinds) {
        0 => text.push_str(rng.choice(["null", "true", "false"]).unwrap()),
        1 => string(rng, text),
        2 | 3 => {
            let numbers =
                ["0", "-0", "1", "1.0", "1e5", "1E+5", "-2.50", "9007199254740993", "1e999", "0.1e-9"];
            text.push_str(rng.choice(numbers).unwrap());
        }
        4 | 5 => items(rng, ('[', ']'), text, |rng, text| value(rng, depth + 1, text)),
        _ => items(rng, ('{', '}'), text, |rng, text| {
            name(rng, text);
            space(rng, text);
            text.push(':');
            space(rng, text);
            value(rng, depth + 1, text);
        }),
    }
}

fn items(
    rng: &mut Rng,
    (open, close): (char, char),
    text: &mut String,
    mut item: impl FnMut(&mut Rng, &mut String),
) {
    text.push(open);
    for at in 0..rng.u8(..5) {
        if at > 0 {
            text.push(',');
        }
        space(rng, text);
        item(rng, text);
        space(rng, text);
    }
    text.push(close);
}

/// Some names stand for the same one, and some are met twice.
fn name(rng: &mut Rng, text: &mut String) {
    if rng.u8(..) < 200 {
        text.push_str(
            rng.choice([r#""a""#, r#""b""#, r#""ts""#, r#""\u0061""#, r#""t\u0073""#, r#""é""#, r#""""#])
                .unwrap(),
        );
        if rng.u8(..) < 200 {
            // Mostly a name of its own.
            text.pop();
            text.push_str(&rng.u16(..).to_string());
            text.push('"');
        }
    } else {
        string(rng, text);
    }
}

fn string(rng: &mut Rng, text: &mut String) {
    text.push('"');
    for _ in 0..rng.u8(..6) {
        let pieces = [
            "a",
            " ",
            "é",
            "🦀",
            "\u{7f}",
            "{",
            "]",
            ",",
            ":",
            r#"\""#,
            r"\\",
            r"\/",
            r"\b",
            r"\n",
            r"\t",
            r"\u0000",
            r"\u0041",
            r"\u00e9",
            r"\ud83e\udd80",
            r"\ud83e",
            r"\u2028",
        ];
        text.push_str(rng.choice(pieces).unwrap());
    }
    text.push('"');
}

fn space(rng: &mut Rng, text: &mut String) {
    if rng.u8(..) < 48 {
        text.push_str(rng.choice([" ", "\t", "\n", "\r\n", "  "]).unwrap());
    }
}
