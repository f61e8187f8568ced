//! The names that a pattern binds.

use std::cell::Cell;

use proc_macro2::Ident;
use syn::{Pat, PatIdent, Token};

/// What a pattern binds.
pub(crate) enum Bindings {
    /// All of the argument: each of its parts moves into one of these names.
    All(Vec<Binding>),
    /// These names; the argument may have more.
    Some(Vec<Binding>),
    /// Not to be known here, as in a macro.
    Opaque,
}

/// One name.
pub(crate) struct Binding {
    pub(crate) name: Ident,
    /// Of the variable itself: `ref mut` makes a reference that does not change.
    pub(crate) mutability: Option<Token![mut]>,
}

impl From<Ident> for Binding {
    fn from(name: Ident) -> Self {
        Self { name, mutability: None }
    }
}

/// The names in `pattern`.
pub(crate) fn of(pattern: &Pat) -> Bindings {
    let mut found = Found { names: Vec::new(), all: true, opaque: false };
    found.collect(pattern);
    match found {
        Found { opaque: true, .. } => Bindings::Opaque,
        Found { names, all: true, .. } if !names.is_empty() => Bindings::All(names),
        Found { names, .. } => Bindings::Some(names),
    }
}

/// Whether a part of `pattern` can only be read by the compiler.
pub(crate) fn is_opaque(pattern: &Pat) -> bool {
    matches!(of(pattern), Bindings::Opaque)
}

/// What was found in a pattern.
struct Found {
    names: Vec<Binding>,
    /// Nothing is left out.
    all: bool,
    /// A part is not ours to read.
    opaque: bool,
}

impl Found {
    fn collect(&mut self, pattern: &Pat) {
        match pattern {
            // A constant, or a structure without fields, or a variable: only the compiler can tell.
            Pat::Ident(binding) if is_constant(&binding.ident) => self.opaque = true,
            Pat::Ident(binding) => {
                if self.names.iter().all(|known| known.name != binding.ident) {
                    let mutability = binding.mutability.filter(|_| binding.by_ref.is_none());
                    self.names.push(Binding { name: binding.ident.clone(), mutability });
                }
                // What is borrowed, or copied beside its parts, stays where it was.
                self.all &= binding.by_ref.is_none() && binding.subpat.is_none();
                if let Some((_, inner)) = &binding.subpat {
                    self.collect(inner);
                }
            }
            Pat::Guard(guard) => self.collect(&guard.pat),
            // Every case binds the same names.
            Pat::Or(or) => {
                self.all = false;
                or.cases.iter().take(1).for_each(|case| self.collect(case));
            }
            Pat::Paren(inner) => self.collect(&inner.pat),
            Pat::Reference(inner) => self.collect(&inner.pat),
            Pat::Type(inner) => self.collect(&inner.pat),
            Pat::Slice(slice) => slice.elems.iter().for_each(|one| self.collect(one)),
            Pat::Tuple(tuple) => tuple.elems.iter().for_each(|one| self.collect(one)),
            Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|one| self.collect(one)),
            Pat::Struct(fields) => {
                self.all &= fields.rest.is_none();
                fields.fields.iter().for_each(|field| self.collect(&field.pat));
            }
            Pat::Const(_) | Pat::Lit(_) | Pat::Path(_) | Pat::Range(_) | Pat::Rest(_) | Pat::Wild(_) => {
                self.all = false;
            }
            _ => self.opaque = true,
        }
    }
}

fn is_constant(name: &Ident) -> bool {
    name.to_string().starts_with(char::is_uppercase)
}

/// `pattern` with variables that do not change.
pub(crate) fn unchanging(pattern: &Pat) -> Pat {
    let mut pattern = pattern.clone();
    each_name(&mut pattern, &|name| {
        if name.by_ref.is_none() {
            name.mutability = None;
        }
    });
    pattern
}

/// `pattern` as it is matched on a borrow, which binds every name by reference.
pub(crate) fn borrowing(pattern: &Pat) -> Pat {
    let mut pattern = pattern.clone();
    each_name(&mut pattern, &|name| {
        name.by_ref = None;
        name.mutability = None;
    });
    pattern
}

/// `mut`, where `pattern` has a `ref mut`: what it is matched on must be a variable that may change.
pub(crate) fn lent_mutably(pattern: &Pat) -> Option<Token![mut]> {
    let found = Cell::new(None);
    each_name(&mut pattern.clone(), &|name| {
        if name.by_ref.is_some() && name.mutability.is_some() {
            found.set(name.mutability);
        }
    });
    found.get()
}

fn each_name(pattern: &mut Pat, change: &dyn Fn(&mut PatIdent)) {
    match pattern {
        Pat::Ident(binding) => {
            change(binding);
            if let Some((_, inner)) = &mut binding.subpat {
                each_name(inner, change);
            }
        }
        Pat::Guard(guard) => each_name(&mut guard.pat, change),
        Pat::Or(or) => or.cases.iter_mut().for_each(|case| each_name(case, change)),
        Pat::Paren(inner) => each_name(&mut inner.pat, change),
        Pat::Reference(inner) => each_name(&mut inner.pat, change),
        Pat::Type(inner) => each_name(&mut inner.pat, change),
        Pat::Slice(slice) => slice.elems.iter_mut().for_each(|one| each_name(one, change)),
        Pat::Tuple(tuple) => tuple.elems.iter_mut().for_each(|one| each_name(one, change)),
        Pat::TupleStruct(tuple) => tuple.elems.iter_mut().for_each(|one| each_name(one, change)),
        Pat::Struct(fields) => fields.fields.iter_mut().for_each(|field| each_name(&mut field.pat, change)),
        _ => {}
    }
}

/// The names that can be seen in `pattern`.
pub(crate) fn names(pattern: &Pat) -> Vec<Binding> {
    let mut found = Found { names: Vec::new(), all: true, opaque: false };
    found.collect(pattern);
    found.names
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;
    use syn::Pat;
    use syn::parse::Parser;

    use super::{Bindings, borrowing, lent_mutably, names, of, unchanging};

    fn pattern(written: &str) -> Pat {
        Pat::parse_multi.parse_str(written).expect("a pattern")
    }

    fn text(pattern: &Pat) -> String {
        pattern.to_token_stream().to_string().replace(' ', "")
    }

    #[test]
    fn finds_every_name_once() {
        for (written, expected) in [
            ("order", &["order"][..]),
            ("mut order", &["order"]),
            ("r#type", &["r#type"]),
            ("State(App { pool, mailer: ref m, .. })", &["pool", "m"]),
            ("(a, [b, .., c], _)", &["a", "b", "c"]),
            ("Ok(x) | Err(x)", &["x"]),
            ("all @ (first, &second)", &["all", "first", "second"]),
            ("(seen, hidden!())", &["seen"]),
        ] {
            let names: Vec<String> =
                names(&pattern(written)).iter().map(|one| one.name.to_string()).collect();
            assert_eq!(names, expected, "{written}");
        }
    }

    #[test]
    fn tells_what_is_left_out() {
        for whole in ["a", "mut a", "Json(a)", "Path((a, b))", "App { pool, mailer: m }", "[a, b]", "&a"] {
            assert!(matches!(of(&pattern(whole)), Bindings::All(_)), "{whole}");
        }
        let partial = [
            "_",
            "Json(_)",
            "Locked(a, ..)",
            "App { pool, .. }",
            "(a, _)",
            "[a, ..]",
            "ref a",
            "Json(ref mut a)",
        ];
        for partial in
            partial.into_iter().chain(["all @ (a, b)", "Ok(x) | Err(x)", "Claims { .. }", "(a, 3)", "()"])
        {
            assert!(matches!(of(&pattern(partial)), Bindings::Some(_)), "{partial}");
        }
        for opaque in ["(seen, hidden!())", "Unit", "(a, Unit)"] {
            assert!(matches!(of(&pattern(opaque)), Bindings::Opaque), "{opaque}");
        }
    }

    #[test]
    fn knows_which_variables_may_change() {
        let written = pattern("(mut a, b, ref mut c, Json(mut d), App { e: mut e, f: [mut g, ..] })");
        let mutable: Vec<bool> = names(&written).iter().map(|binding| binding.mutability.is_some()).collect();
        assert_eq!(mutable, [true, false, false, true, true, true]);
        assert_eq!(text(&unchanging(&written)), "(a,b,refmutc,Json(d),App{e:e,f:[g,..]})");
        assert_eq!(text(&borrowing(&written)), "(a,b,c,Json(d),App{e:e,f:[g,..]})");
    }

    #[test]
    fn knows_what_is_lent_mutably() {
        for written in
            ["ref mut a", "Json(ref mut a)", "(a, [_, ref mut b])", "all @ App { e: ref mut e, .. }"]
        {
            assert!(lent_mutably(&pattern(written)).is_some(), "{written}");
        }
        for written in ["mut a", "ref a", "Json(ref a)", "(mut a, _)", "&mut a", "_"] {
            assert!(lent_mutably(&pattern(written)).is_none(), "{written}");
        }
    }
}
