//! The user's function survives: half-typed bodies, wrong attributes, items that are no functions.

use super::{compact, expansion, pretty, tokens};

#[test]
fn a_half_typed_body_stays_as_it_is() {
    // Unbalanced brackets never reach a macro; everything else does.
    let body = "{ let order = app . ; match order { Some ( x ) => x . } let }";
    for args in ["", "with = app, key = app.id, name = \"x\""] {
        let item = format!("async fn place(app: App) -> Reply {body}");
        let emitted = compact(&expansion(args, &item));
        assert!(emitted.contains(&compact(&body)), "{emitted}");
        assert!(emitted.contains("asyncmove||"), "{emitted}");
        assert!(!emitted.contains("compile_error"), "{emitted}");
    }
}

#[test]
fn three_mistakes_are_three_errors_beside_the_function() {
    let item = "/// Charges.
        pub fn charge(#[tx] tx: &mut PgTx<'_>, Json(new): Json<New>) -> Json<Payment> { run(tx, new).await }";
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("three_mistakes", pretty("ttl = \"24\"", item));
    });
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
fn whatever_comes_in_something_comes_out() {
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
            let emitted = crate::expand::expand(tokens(args), parsed);
            assert!(emitted.to_string().contains("compile_error"), "{args} / {item}");
        }
    }
}
