//! A JSON text as a tree, in one pass, and the tree as canonical text.
//!
//! The text was found to be JSON before, so its punctuation is not checked again. Each byte is visited once by the
//! reader, and once more if it belongs to a string, whose escapes are resolved. Recursion ends at [`DEPTH`].

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The deepest value that counts, the outermost included. Bounds the recursion, as `serde_json` does.
const DEPTH: usize = 128;

/// What is said about a text that is not JSON after all.
const NOT_JSON: &str = "the body is not JSON";

/// The canonical form of `text`, which is JSON, without the members `ignored` of the outermost object.
pub(super) fn canonical(text: &str, ignored: &[Cow<'_, str>]) -> Result<String, String> {
    let tree = Reader { text, at: 0 }.value(ignored, DEPTH)?;
    let mut canonical = String::with_capacity(text.len());
    write(&tree, &mut canonical)?;
    Ok(canonical)
}

enum Node<'a> {
    /// A number, `true`, `false` or `null`, as it was written.
    Lexeme(&'a str),
    Text(String),
    Array(Vec<Self>),
    Object(BTreeMap<String, Self>),
    /// The value of a member that is left out.
    Ignored,
}

/// Goes through a text, and never back.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
        #[cfg(test)]
        super::tests::visit(bytes);
    }

    /// Past white space and the marks between values.
    fn skip_marks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b':') = self.peek() {
            self.advance(1);
        }
    }

    fn value(&mut self, ignored: &[Cow<'_, str>], depth: usize) -> Result<Node<'a>, String> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(format!("the body is nested deeper than {DEPTH}"));
        };
        match self.peek() {
            Some(b'{') => self.object(ignored, depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Node::Text),
            _ => self.lexeme().map(Node::Lexeme),
        }
    }

    fn object(&mut self, ignored: &[Cow<'_, str>], depth: usize) -> Result<Node<'a>, String> {
        let mut members = BTreeMap::new();
        self.advance(1);
        loop {
            self.skip_marks();
            if self.peek() == Some(b'}') {
                self.advance(1);
                return Ok(Node::Object(members));
            }
            let name = self.string()?;
            self.skip_marks();
            let value = if ignored.iter().any(|ignored| *ignored == name) {
                self.skip_value()?;
                Node::Ignored
            } else {
                self.value(&[], depth)?
            };
            match members.entry(name) {
                Entry::Vacant(free) => free.insert(value),
                Entry::Occupied(_) => return Err("an object has the same member twice".to_owned()),
            };
        }
    }

    fn array(&mut self, depth: usize) -> Result<Node<'a>, String> {
        let mut elements = Vec::new();
        self.advance(1);
        loop {
            self.skip_marks();
            if self.peek() == Some(b']') {
                self.advance(1);
                return Ok(Node::Array(elements));
            }
            elements.push(self.value(&[], depth)?);
        }
    }

    /// A string, with its escapes resolved.
    fn string(&mut self) -> Result<String, String> {
        let lexeme = self.quoted()?;
        #[cfg(test)]
        super::tests::visit(lexeme.len());
        serde_json::from_str(lexeme).map_err(|error| error.to_string())
    }

    /// A string as it was written, with its quotes.
    fn quoted(&mut self) -> Result<&'a str, String> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(NOT_JSON.to_owned());
        }
        self.advance(1);
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.advance(2),
                Some(_) => self.advance(1),
                None => return Err(NOT_JSON.to_owned()),
            }
        }
        self.advance(1);
        self.text.get(start..self.at).ok_or_else(|| NOT_JSON.to_owned())
    }

    /// A number or a word as it was written.
    fn lexeme(&mut self) -> Result<&'a str, String> {
        let start = self.at;
        while let Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.') = self.peek() {
            self.advance(1);
        }
        self.text.get(start..self.at).filter(|lexeme| !lexeme.is_empty()).ok_or_else(|| NOT_JSON.to_owned())
    }

    /// Past a value that does not count, however deep it is: without recursion.
    fn skip_value(&mut self) -> Result<(), String> {
        let mut open = 0_usize;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.quoted()?;
                }
                Some(b'{' | b'[') => {
                    open += 1;
                    self.advance(1);
                }
                Some(b'}' | b']') => {
                    open = open.checked_sub(1).ok_or(NOT_JSON)?;
                    self.advance(1);
                }
                _ => {
                    self.lexeme()?;
                }
            }
            if open == 0 {
                return Ok(());
            }
            self.skip_marks();
        }
    }
}

fn write(node: &Node<'_>, out: &mut String) -> Result<(), String> {
    match node {
        Node::Lexeme(lexeme) => out.push_str(lexeme),
        Node::Text(text) => push_string(text, out)?,
        Node::Array(elements) => {
            out.push('[');
            for element in elements {
                write(element, out)?;
                out.push(',');
            }
            out.push(']');
        }
        Node::Object(members) => {
            out.push('{');
            for (name, value) in members.iter().filter(|(_, value)| !matches!(value, Node::Ignored)) {
                push_string(name, out)?;
                out.push(':');
                write(value, out)?;
                out.push(',');
            }
            out.push('}');
        }
        Node::Ignored => {}
    }
    Ok(())
}

fn push_string(string: &str, out: &mut String) -> Result<(), String> {
    out.push_str(&serde_json::to_string(string).map_err(|error| error.to_string())?);
    Ok(())
}
