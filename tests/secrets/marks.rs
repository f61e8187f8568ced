//! Values that are found again wherever they are shown, and hints of them as well.

pub(crate) const KEY: &str = "kQ7mark1-of-the-key";
pub(crate) const SCOPE: &str = "sX4mark2-of-the-scope";
pub(crate) const BODY: &str = "bZ9mark3-of-the-body";
pub(crate) const REPLY: &str = "rV2mark4-of-the-reply";
pub(crate) const PASSWORD: &str = "pW6mark5-of-the-password";

/// What is looked for: as short as the hints that an operator may read.
pub(crate) const ALL: [(&str, &str); 5] = [
    ("a key", "kQ7mark1"),
    ("a scope", "sX4mark2"),
    ("a body", "bZ9mark3"),
    ("a reply", "rV2mark4"),
    ("a password", "pW6mark5"),
];

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// What of it is in `text`: as it is, as a list of bytes, or as hexadecimal digits.
pub(crate) fn in_text(text: &str) -> Vec<&'static str> {
    let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let lower = dense.to_ascii_lowercase();
    let shows = |mark: &str| {
        let list: Vec<String> = mark.bytes().map(|byte| byte.to_string()).collect();
        let hex = hex(mark.as_bytes());
        dense.contains(mark) || dense.contains(&list.join(",")) || lower.contains(&hex)
    };
    ALL.into_iter().filter(|(_, mark)| shows(mark)).map(|(what, _)| what).collect()
}
