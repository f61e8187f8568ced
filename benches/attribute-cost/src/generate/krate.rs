//! The files of one crate.

use std::fmt::Write;
use std::ops::Range;

use super::{manifest, shape, template};
use crate::kind::{Form, Kind};

/// Functions in one module, as a crate of some size would have them.
const IN_A_MODULE: usize = 10;

/// Paths in the crate, and what stands there.
pub(super) fn files(kind: Kind, handlers: usize) -> Vec<(String, String)> {
    let own = |template| template::render(template, kind, 0);
    let mut files = vec![("Cargo.toml".to_owned(), manifest::krate(kind))];
    let modules = match kind.form {
        Form::Axum | Form::Tx => {
            files.push(("src/main.rs".to_owned(), own(include_str!("../../templates/main.rs"))));
            files.push(("src/error.rs".to_owned(), own(include_str!("../../templates/error.rs"))));
            files.push(("src/shop.rs".to_owned(), own(include_str!("../../templates/shop.rs"))));
            "api"
        }
        Form::Plain => {
            files.push(("src/main.rs".to_owned(), own(include_str!("../../templates/plain/main.rs"))));
            files.push(("src/ctx.rs".to_owned(), own(include_str!("../../templates/plain/ctx.rs"))));
            "jobs"
        }
    };
    let parts = handlers.div_ceil(IN_A_MODULE);
    files.push((format!("src/{modules}/mod.rs"), together(kind.form, parts)));
    for part in 0..parts {
        let first = part * IN_A_MODULE;
        let text = module(kind, first..handlers.min(first + IN_A_MODULE));
        files.push((format!("src/{modules}/part_{part}.rs"), text));
    }
    files
}

/// A module of functions, and the function that uses them all.
fn module(kind: Kind, numbers: Range<usize>) -> String {
    let shapes = shape::shapes(kind.form);
    let mut text = template::render(shape::head(kind.form), kind, 0);
    let mut uses = String::new();
    for n in numbers {
        let shape = &shapes[n % shapes.len()];
        text.push('\n');
        text.push_str(&template::render(shape.text, kind, n));
        uses.push_str(&template::render(shape.uses, kind, n));
    }
    text + &using(kind.form, &uses)
}

/// The module above them.
fn together(form: Form, parts: usize) -> String {
    let mut text = match form {
        Form::Axum | Form::Tx => "use axum::Router;\n\nuse crate::shop::Shop;\n\n",
        Form::Plain => "use crate::ctx::{Ctx, E};\n\n",
    }
    .to_owned();
    let mut uses = String::new();
    for part in 0..parts {
        _ = writeln!(text, "mod part_{part};");
        _ = match form {
            Form::Axum | Form::Tx => writeln!(uses, ".merge(part_{part}::routes())"),
            Form::Plain => writeln!(uses, "sum ^= part_{part}::all(ctx, order).await?;"),
        };
    }
    text + &using(form, &uses)
}

/// A function of these routes or calls.
fn using(form: Form, uses: &str) -> String {
    match form {
        Form::Axum | Form::Tx => {
            format!("\npub(crate) fn routes() -> Router<Shop> {{\nRouter::new()\n{uses}}}\n")
        }
        Form::Plain => format!(
            "\npub(crate) async fn all(ctx: &Ctx, order: u64) -> Result<u64, E> {{\n\
             let mut sum = 0;\n{uses}Ok(sum)\n}}\n"
        ),
    }
}
