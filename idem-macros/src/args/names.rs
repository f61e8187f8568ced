//! The names of the arguments, each with an example that error messages show.

use proc_macro2::Ident;

use crate::diag::closest;

const USAGE: [(&str, &str); 19] = [
    ("key", "key = event.id"),
    ("with", "with = self.idem"),
    ("name", "name = \"stripe-events\""),
    ("scope", "scope = user.tenant"),
    ("ttl", "ttl = \"24h\""),
    ("lease", "lease = \"30s\""),
    ("wait", "wait = \"5s\""),
    ("max_run", "max_run = \"1h\""),
    ("optional", "optional"),
    ("on_error", "on_error = store"),
    ("after_crash", "after_crash = rerun"),
    ("fingerprint", "fingerprint = (&order.id, order.amount)"),
    ("fingerprint_headers", "fingerprint_headers = [\"x-dry-run\"]"),
    ("store_if", "store_if = |reply| reply.status().is_success()"),
    ("detach", "detach"),
    ("isolation", "isolation = serializable"),
    ("tx_retries", "tx_retries = 3"),
    ("commit_on", "commit_on = |reply| reply.status().is_success()"),
    ("crate", "crate = ::idem_core"),
];

/// How the argument `name` is written.
pub(crate) fn usage(name: &Ident) -> &'static str {
    all().find(|(known, _)| name == known).map_or("key = event.id", |(_, usage)| usage)
}

/// Whether `name` is an argument.
pub(crate) fn is_known(name: &Ident) -> bool {
    all().any(|(known, _)| name == known)
}

/// What to say about a name that is none.
pub(crate) fn unknown(name: &Ident) -> String {
    let known: Vec<&'static str> = all().map(|(known, _)| known).collect();
    match closest(&name.to_string(), &known) {
        Some(word) => format!("unknown argument `{name}`: did you mean `{word}`?"),
        None => format!("unknown argument `{name}`: the arguments are {}", known.join(", ")),
    }
}

fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    USAGE.into_iter()
}
