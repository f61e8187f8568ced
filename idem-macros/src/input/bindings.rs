//! The names that a pattern binds.

use proc_macro2::Ident;
use syn::{Pat, Token};

/// What a pattern binds.
pub(crate) enum Bindings {
    /// Nothing: the argument is matched, and nobody can use it.
    Nothing,
    /// These names, each once.
    Names(Vec<Binding>),
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
    let mut names = Vec::new();
    match collect(pattern, &mut names) {
        Err(Opaque) if names.is_empty() => Bindings::Opaque,
        Ok(()) if names.is_empty() => Bindings::Nothing,
        Ok(()) | Err(Opaque) => Bindings::Names(names),
    }
}

/// A part of the pattern that is not ours to read.
struct Opaque;

fn collect(pattern: &Pat, names: &mut Vec<Binding>) -> Result<(), Opaque> {
    match pattern {
        Pat::Ident(binding) => {
            if names.iter().all(|known| known.name != binding.ident) {
                let mutability = binding.mutability.filter(|_| binding.by_ref.is_none());
                names.push(Binding { name: binding.ident.clone(), mutability });
            }
            binding.subpat.as_ref().map_or(Ok(()), |(_, inner)| collect(inner, names))
        }
        Pat::Guard(guard) => collect(&guard.pat, names),
        // Every case binds the same names.
        Pat::Or(or) => all(&mut or.cases.iter().take(1), names),
        Pat::Paren(inner) => collect(&inner.pat, names),
        Pat::Reference(inner) => collect(&inner.pat, names),
        Pat::Type(inner) => collect(&inner.pat, names),
        Pat::Slice(slice) => all(&mut slice.elems.iter(), names),
        Pat::Tuple(tuple) => all(&mut tuple.elems.iter(), names),
        Pat::TupleStruct(tuple) => all(&mut tuple.elems.iter(), names),
        Pat::Struct(fields) => all(&mut fields.fields.iter().map(|field| field.pat.as_ref()), names),
        Pat::Const(_) | Pat::Lit(_) | Pat::Path(_) | Pat::Range(_) | Pat::Rest(_) | Pat::Wild(_) => Ok(()),
        _ => Err(Opaque),
    }
}

fn all(patterns: &mut dyn Iterator<Item = &Pat>, names: &mut Vec<Binding>) -> Result<(), Opaque> {
    // Reads on after an opaque part, so that every name that can be seen is found.
    patterns.map(|pattern| collect(pattern, names)).fold(Ok(()), Result::and)
}

/// `pattern` with variables that do not change.
pub(crate) fn unchanging(pattern: &Pat) -> Pat {
    let mut pattern = pattern.clone();
    forget_mut(&mut pattern);
    pattern
}

fn forget_mut(pattern: &mut Pat) {
    match pattern {
        Pat::Ident(binding) => {
            if binding.by_ref.is_none() {
                binding.mutability = None;
            }
            if let Some((_, inner)) = &mut binding.subpat {
                forget_mut(inner);
            }
        }
        Pat::Guard(guard) => forget_mut(&mut guard.pat),
        Pat::Or(or) => or.cases.iter_mut().for_each(forget_mut),
        Pat::Paren(inner) => forget_mut(&mut inner.pat),
        Pat::Reference(inner) => forget_mut(&mut inner.pat),
        Pat::Type(inner) => forget_mut(&mut inner.pat),
        Pat::Slice(slice) => slice.elems.iter_mut().for_each(forget_mut),
        Pat::Tuple(tuple) => tuple.elems.iter_mut().for_each(forget_mut),
        Pat::TupleStruct(tuple) => tuple.elems.iter_mut().for_each(forget_mut),
        Pat::Struct(fields) => fields.fields.iter_mut().for_each(|field| forget_mut(&mut field.pat)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;
    use syn::parse::Parser;

    use super::{Bindings, of, unchanging};

    fn names(pattern: &str) -> Option<Vec<String>> {
        let pattern = syn::Pat::parse_multi.parse_str(pattern).expect("a pattern");
        match of(&pattern) {
            Bindings::Nothing => Some(Vec::new()),
            Bindings::Names(names) => Some(names.iter().map(|binding| binding.name.to_string()).collect()),
            Bindings::Opaque => None,
        }
    }

    #[test]
    fn finds_every_name_once() {
        for (pattern, expected) in [
            ("order", vec!["order"]),
            ("mut order", vec!["order"]),
            ("r#type", vec!["r#type"]),
            ("State(App { pool, mailer: ref m, .. })", vec!["pool", "m"]),
            ("(a, [b, .., c], _)", vec!["a", "b", "c"]),
            ("Ok(x) | Err(x)", vec!["x"]),
            ("all @ (first, &second)", vec!["all", "first", "second"]),
            ("(seen, hidden!())", vec!["seen"]),
        ] {
            assert_eq!(names(pattern).as_deref(), Some(&expected.map_strings()[..]), "{pattern}");
        }
    }

    #[test]
    fn knows_which_variables_may_change() {
        let written = "(mut a, b, ref mut c, Json(mut d), App { e: mut e, f: [mut g, ..] })";
        let pattern = syn::Pat::parse_multi.parse_str(written).expect("a pattern");
        let Bindings::Names(names) = of(&pattern) else { panic!("names") };
        let mutable: Vec<bool> = names.iter().map(|binding| binding.mutability.is_some()).collect();
        assert_eq!(mutable, [true, false, false, true, true, true]);
        let plain = unchanging(&pattern).to_token_stream().to_string().replace(' ', "");
        assert_eq!(plain, "(a,b,refmutc,Json(d),App{e:e,f:[g,..]})");
    }

    #[test]
    fn tells_nothing_from_unknown() {
        assert_eq!(names("_"), Some(Vec::new()));
        assert_eq!(names("State(_)"), Some(Vec::new()));
        assert_eq!(names("Claims { .. }"), Some(Vec::new()));
        assert_eq!(names("hidden!()"), None);
    }

    trait MapStrings {
        fn map_strings(&self) -> Vec<String>;
    }

    impl MapStrings for Vec<&str> {
        fn map_strings(&self) -> Vec<String> {
            self.iter().map(ToString::to_string).collect()
        }
    }
}
