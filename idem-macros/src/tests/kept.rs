//! The user's function survives: half-typed bodies, wrong attributes, items that are no functions.

use proc_macro2::{Delimiter, Group, TokenTree};

use super::{compact, expansion, pretty, tokens};
use crate::expand::expand;
use crate::model::Features;

#[test]
fn a_half_typed_body_stays_as_it_is() {
    // Unbalanced brackets never reach a macro; everything else does.
    let body = "{ let order = app . ; match order { Some ( x ) => x . } let }";
    let plain = "with = app, key = app.id, name = \"x\"";
    let retried = format!("{plain}, tx_retries = 2");
    let (alone, coupled) = ("app: App", "app: App, #[tx] tx: &mut PgTx<'_>");
    for (args, arguments) in
        [("", alone), (plain, alone), ("", coupled), ("tx_retries = 2", coupled), (&retried, coupled)]
    {
        let item = format!("async fn place({arguments}) -> Reply {body}");
        let emitted = compact(&expansion(args, &item));
        assert!(emitted.contains(&compact(&body)), "{emitted}");
        let lent = if arguments == alone { "asyncmove{" } else { "lettx:&mutPgTx<'_>=tx;" };
        assert!(emitted.contains(lent), "{emitted}");
        assert!(!emitted.contains("compile_error"), "{emitted}");
    }
}

/// As `macro_rules!` hands it on.
#[test]
fn a_body_in_an_invisible_group_is_a_body() {
    let body = TokenTree::Group(Group::new(Delimiter::None, tokens("{ run(app) }")));
    let item = tokens("async fn place(app: App) -> Reply").into_iter().chain([body]).collect();
    let emitted = compact(&expand(tokens(""), item, Features::ALL));
    assert!(emitted.contains("{run(app)}") && !emitted.contains("compile_error"), "{emitted}");
}

#[test]
fn three_mistakes_are_three_errors_beside_the_function() {
    let item = "/// Charges.
        pub fn charge(#[tx] tx: &PgTx<'_>, Json(new): Json<New>) -> Json<Payment> { run(tx, new).await }";
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("three_mistakes", pretty("ttl = \"24\"", item));
    });
}

#[test]
fn no_attribute_of_ours_survives() {
    let signature = "(#[tx] #[allow(unused)] tx: &mut PgTx<'_>, app: App) -> Reply { run(tx).await }";
    let plain = "with = app, key = app.id, name = \"x\"";
    for args in ["", "tx_retries = 2", plain, "ttl = 1", "isolation = serializable, after_crash = rerun"] {
        for item in [format!("async fn place{signature}"), format!("fn place{signature}")] {
            let emitted = compact(&expansion(args, &item));
            assert!(!emitted.contains("#[tx]") && emitted.contains("lettx:&mutPgTx<'_>"), "{emitted}");
        }
    }
}

#[test]
fn without_a_database_a_transaction_is_one_mistake() {
    let item = "async fn place(#[tx] tx: &mut PgTx<'_>, app: App) -> Reply { run(tx).await }";
    let emitted = compact(&expand(
        tokens("isolation = serializable"),
        tokens(item),
        Features { tx: false, ..Features::ALL },
    ));
    assert!(emitted.starts_with("asyncfnplace(app:App)->Reply{"), "{emitted}");
    assert_eq!(emitted.matches("compile_error").count(), 1, "{emitted}");
    assert!(emitted.contains("`postgres`,`mysql`or`sqlite-tx`"), "{emitted}");
    let other =
        expand(tokens(""), tokens("async fn place(app: App) {}"), Features { tx: false, ..Features::ALL });
    assert!(!compact(&other).contains("compile_error"), "{other}");
}

#[test]
fn other_items_stay_as_they_are() {
    for item in ["struct Order { id : u64 }", "const X : u8 = 1 ;", "impl Order { async fn id (& self) { } }"]
    {
        let emitted = compact(&expansion("", item));
        assert!(emitted.starts_with(&compact(&item)), "{emitted}");
        assert_eq!(emitted.matches("compile_error").count(), 1, "{emitted}");
    }
}

#[test]
fn malformed_input_gives_a_compile_error() {
    let args = [
        "",
        "=",
        ",,",
        "key",
        "key =",
        "key = ,",
        "\"x\"",
        "ttl = 1h, = , ::",
        "crate = , with",
        "optional = 3",
    ];
    let items = [
        "",
        ";",
        "fn",
        "async",
        "pub async fn x",
        "async fn x()",
        "async fn x(self",
        "enum",
        "#[a] #[b]",
        "fn f() ;",
    ];
    for args in args {
        for item in items {
            let Ok(parsed) = item.parse() else { continue };
            let emitted = expand(tokens(args), parsed, Features::ALL);
            assert!(emitted.to_string().contains("compile_error"), "{args} / {item}");
        }
    }
}

/// Without the feature, the only form is the plain one, and the attribute says so instead of emitting what is not there.
#[test]
fn without_axum_a_handler_is_refused_and_a_plain_function_is_not() {
    let features = Features { axum: false, ..Features::ALL };
    let handler = compact(&expand(tokens(""), tokens("async fn pay(idem: &Idem, id: u64) {}"), features));
    assert!(handler.contains("needsthefeature`axum`ofidem-core"), "{handler}");
    assert!(handler.contains("add`with=idem,key="), "{handler}");
    assert_eq!(handler.matches("compile_error!").count(), 1, "{handler}");
    let plain = "async fn add(idem: &Idem, id: u64) -> Result<u64, Error> { Ok(id) }";
    let plain = expand(tokens("with = idem, key = id, name = \"add\""), tokens(plain), features);
    assert!(!compact(&plain).contains("compile_error!"), "{plain}");
}
