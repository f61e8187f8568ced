//! What was formatted, and what of it should not have been.

use std::any::type_name;
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::marks;

/// The longest `Debug` of a value in one line, in bytes.
const LONGEST: usize = 800;

struct Shown {
    types: BTreeSet<String>,
    leaks: Vec<String>,
}

static SHOWN: Mutex<Shown> = Mutex::new(Shown { types: BTreeSet::new(), leaks: Vec::new() });

fn shown() -> MutexGuard<'static, Shown> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Formats `value`, and hands it back.
pub(crate) fn debug<T: Debug>(value: T) -> T {
    let name = type_name::<T>().trim_start_matches('&');
    let name = name.split('<').next().unwrap_or(name).to_owned();
    let (line, lines) = (format!("{value:?}"), format!("{value:#?}"));
    check(&name, &line);
    check(&name, &lines);
    if line.len() > LONGEST {
        shown().leaks.push(format!("{name}: its Debug is {} bytes long: {line}", line.len()));
    }
    shown().types.insert(name);
    value
}

/// Formats `value`.
pub(crate) fn see<T: Debug>(value: T) {
    let _shown = debug(value);
}

pub(crate) fn display<T: Display + Debug>(value: T) -> T {
    check(type_name::<T>(), &value.to_string());
    debug(value)
}

/// An error with all its sources.
pub(crate) fn error<T: Error>(value: T) -> T {
    let mut next: Option<&dyn Error> = Some(&value);
    while let Some(error) = next {
        check(type_name::<T>(), &format!("{error} {error:?} {error:#?}"));
        next = error.source();
    }
    debug(value)
}

/// Any other text.
pub(crate) fn check(whose: &str, text: &str) {
    for what in marks::in_text(text) {
        let text: String = text.chars().take(400).collect();
        shown().leaks.push(format!("{whose} shows {what}: {text}"));
    }
}

pub(crate) fn leaks() -> Vec<String> {
    shown().leaks.clone()
}

pub(crate) fn knows(name: &str) -> bool {
    shown().types.contains(name)
}
