//! Nothing that is shown holds a key, a scope, a body, a reply or a password: no `Debug`, no `Display`, no error, no
//! tracing event or span, no line of a driver's log, and no SQL text.
//!
//! All of them are marked, a full run is made on every store, and all that was shown meanwhile is searched for the marks.
//! The types that must have been formatted are read from the source, so that a new one cannot be left out.

mod client;
mod emitted;
mod listen;
mod marks;
mod required;
mod run;
mod servers;
mod shown;
mod values;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_shown_holds_a_secret() {
    listen::begin();
    values::format_all();
    client::format_all().await;
    run::memory().await;
    run::sqlite().await;
    emitted::format_all().await;
    let missing = servers::all().await;

    let mut found = listen::leaks();
    found.extend(shown::leaks());
    assert!(found.is_empty(), "{} leaks:\n{}", found.len(), found.join("\n"));
    assert!(listen::events() > 100, "only {} events were heard", listen::events());

    let forgotten: Vec<_> =
        required::types().into_iter().filter(|name| !shown::knows(name) && !missing.contains(name)).collect();
    assert!(forgotten.is_empty(), "these types were not formatted: {forgotten:#?}");
}

/// The search finds what it is for, in each form in which it may come.
#[test]
fn a_planted_leak_is_found() {
    for (what, mark) in marks::ALL {
        let bytes = mark.as_bytes().to_vec();
        let hex = marks::hex(&bytes);
        for shown in [
            format!("before {mark} after"),
            format!("{bytes:?}"),
            format!("{bytes:#?}"),
            hex.to_uppercase(),
            hex,
        ] {
            assert_eq!(marks::in_text(&shown), [what], "{shown}");
        }
    }
    assert!(marks::in_text("an address such as 6f1c, and no mark").is_empty());
}

/// The list of types is really read from the source.
#[test]
fn the_source_names_the_types() {
    let types = required::types();
    for one in [
        "idem_core::store::memory::MemoryStore",
        "idem_core::handler::context::Context",
        "idem_core::store::sqlite::link::Durability",
        "idem_client::outcome::result::ReadError",
    ] {
        assert!(types.contains(one), "{one} is not among {types:#?}");
    }
}
