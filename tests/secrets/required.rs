//! The public types, from the source: each `pub struct` and `pub enum` with its module, as `type_name` writes it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Only a builder has one, and gives it to no caller: it is formatted there.
const NOT_HAD: &str = "idem_core::idem::NoScope";

pub(crate) fn types() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut types = BTreeSet::new();
    for (folder, module) in [("idem-core/src", "idem_core"), ("idem-client/src", "idem_client")] {
        collect(&root.join(folder), module, &mut types);
    }
    types.retain(|name| name != NOT_HAD);
    types
}

fn collect(folder: &Path, module: &str, types: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_str().expect("a name in UTF-8").to_owned();
        if path.is_dir() {
            collect(&path, &format!("{module}::{name}"), types);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let module = match name.as_str() {
                "lib" | "mod" => module.to_owned(),
                _ => format!("{module}::{name}"),
            };
            let source = fs::read_to_string(&path).expect("a readable file");
            types.extend(source.lines().filter_map(declared).map(|name| format!("{module}::{name}")));
        }
    }
}

/// The name that a line declares. The name of a macro's argument is found elsewhere: see `values`.
fn declared(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "))?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    rest.get(..end).filter(|name| !name.is_empty())
}
