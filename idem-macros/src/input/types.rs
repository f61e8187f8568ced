//! Types as they are written: `impl Trait` in them, and their last name.

use proc_macro2::{Ident, Span};
use syn::{
    AngleBracketedGenericArguments, GenericArgument, Path, PathArguments, ReturnType, Token, Type,
    TypeImplTrait, TypeInfer, TypeParamBound,
};

/// The name that a path type ends with: `Request` in `axum::extract::Request<B>`.
pub(crate) fn last_segment(ty: &Type) -> Option<&Ident> {
    match ungrouped(ty) {
        Type::Path(path) => path.path.segments.last().map(|last| &last.ident),
        _ => None,
    }
}

/// `App`, if `ty` is axum's `State<App>`, as far as its name tells.
pub(crate) fn state_argument(ty: &Type) -> Option<&Type> {
    match generics_of(ty, "State")?.as_slice() {
        &[GenericArgument::Type(state)] => Some(state),
        _ => None,
    }
}

/// Whether an error in `ty` may have no name: `ty` has none, or an argument behind the first, as the error of `Result` and of
/// its aliases is.
pub(crate) fn hides_its_error(ty: &Type) -> bool {
    match ungrouped(ty) {
        Type::ImplTrait(_) => true,
        Type::Path(path) => match path.path.segments.last().map(|last| &last.arguments) {
            Some(PathArguments::AngleBracketed(arguments)) => arguments.args.iter().skip(1).any(
                |argument| matches!(argument, GenericArgument::Type(ty) if find_impl_trait(ty).is_some()),
            ),
            _ => false,
        },
        _ => false,
    }
}

/// The error type of `Result<T, E>`, as far as its name tells.
pub(crate) fn result_error(ty: &Type) -> Option<&Type> {
    match generics_of(ty, "Result")?.as_slice() {
        &[GenericArgument::Type(_), GenericArgument::Type(error)] => Some(error),
        _ => None,
    }
}

/// The arguments between `<` and `>` of a path type that ends with `name`.
fn generics_of<'t>(ty: &'t Type, name: &str) -> Option<Vec<&'t GenericArgument>> {
    let Type::Path(path) = ungrouped(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    Some(arguments.args.iter().collect())
}

/// `ty` without parentheses and the invisible groups of `macro_rules!`.
pub(crate) fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => ungrouped(&inner.elem),
        Type::Group(inner) => ungrouped(&inner.elem),
        _ => ty,
    }
}

/// The first `impl Trait` in `ty`.
pub(crate) fn find_impl_trait(ty: &Type) -> Option<TypeImplTrait> {
    let mut found = None;
    // Works on a copy, so that one walk serves both purposes.
    each_impl_trait(&mut ty.clone(), &mut |ty| {
        if let (Type::ImplTrait(one), None) = (&*ty, &found) {
            found = Some(one.clone());
        }
    });
    found
}

/// Whether `ty` is `impl Name`, as far as its names tell.
pub(crate) fn impl_trait_named(ty: &Type, name: &str) -> bool {
    let Type::ImplTrait(one) = ungrouped(ty) else { return false };
    one.bounds.iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == name),
        _ => false,
    })
}

/// The value type of `Result<T, E>`, as far as its name tells; of an alias, its first argument.
pub(crate) fn result_value(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ungrouped(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident.to_string().ends_with("Result"))?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(value) => Some(value),
        _ => None,
    })
}

/// `ty` without `use<…>` in its `impl Trait`, which the argument of a function cannot say.
pub(crate) fn without_captures(ty: &Type) -> Type {
    let mut ty = ty.clone();
    each_impl_trait(&mut ty, &mut |ty| {
        if let Type::ImplTrait(one) = ty {
            let bounds = std::mem::take(&mut one.bounds);
            one.bounds = bounds
                .into_iter()
                .filter(|bound| !matches!(bound, TypeParamBound::PreciseCapture(_)))
                .collect();
        }
    });
    ty
}

/// `ty` with `_` wherever it says `impl Trait`, which cannot stand on a variable.
pub(crate) fn without_impl_trait(ty: &Type) -> Type {
    let mut ty = ty.clone();
    each_impl_trait(&mut ty, &mut |ty| {
        *ty = Type::Infer(TypeInfer { attrs: Vec::new(), underscore_token: Token![_](Span::mixed_site()) });
    });
    ty
}

fn each_impl_trait(ty: &mut Type, visit: &mut dyn FnMut(&mut Type)) {
    match ty {
        Type::ImplTrait(_) => visit(ty),
        Type::Array(inner) => each_impl_trait(&mut inner.elem, visit),
        Type::Group(inner) => each_impl_trait(&mut inner.elem, visit),
        Type::Paren(inner) => each_impl_trait(&mut inner.elem, visit),
        Type::Ptr(inner) => each_impl_trait(&mut inner.elem, visit),
        Type::Reference(inner) => each_impl_trait(&mut inner.elem, visit),
        Type::Slice(inner) => each_impl_trait(&mut inner.elem, visit),
        Type::Tuple(inner) => inner.elems.iter_mut().for_each(|ty| each_impl_trait(ty, visit)),
        Type::Path(inner) => {
            if let Some(qself) = &mut inner.qself {
                each_impl_trait(&mut qself.ty, visit);
            }
            in_path(&mut inner.path, visit);
        }
        Type::TraitObject(inner) => {
            for bound in &mut inner.bounds {
                if let TypeParamBound::Trait(bound) = bound {
                    in_path(&mut bound.path, visit);
                }
            }
        }
        _ => {}
    }
}

fn in_path(path: &mut Path, visit: &mut dyn FnMut(&mut Type)) {
    for segment in &mut path.segments {
        match &mut segment.arguments {
            PathArguments::None => {}
            PathArguments::AngleBracketed(arguments) => in_generics(arguments, visit),
            PathArguments::Parenthesized(arguments) => {
                arguments.inputs.iter_mut().for_each(|input| each_impl_trait(&mut input.ty, visit));
                if let ReturnType::Type(_, ty) = &mut arguments.output {
                    each_impl_trait(ty, visit);
                }
            }
        }
    }
}

fn in_generics(arguments: &mut AngleBracketedGenericArguments, visit: &mut dyn FnMut(&mut Type)) {
    for argument in &mut arguments.args {
        match argument {
            GenericArgument::Type(ty) => each_impl_trait(ty, visit),
            GenericArgument::AssocType(assoc) => each_impl_trait(&mut assoc.ty, visit),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;
    use syn::{Type, parse_str};

    use super::{find_impl_trait, without_impl_trait};

    #[test]
    fn impl_trait_becomes_an_underscore_wherever_it_stands() {
        for (written, expected) in [
            ("impl IntoResponse", "_"),
            ("Result<impl IntoResponse, ApiError>", "Result<_,ApiError>"),
            ("(StatusCode, [impl AsRef<str>; 2])", "(StatusCode,[_;2])"),
            ("Box<dyn Iterator<Item = impl Send> + Send>", "Box<dynIterator<Item=_>+Send>"),
            ("Result<Json<Payment>, ApiError>", "Result<Json<Payment>,ApiError>"),
        ] {
            let ty: Type = parse_str(written).expect("a type");
            let changed = without_impl_trait(&ty).to_token_stream().to_string().replace(' ', "");
            assert_eq!(changed, expected);
            assert_eq!(find_impl_trait(&ty).is_some(), written.contains("impl "), "{written}");
        }
    }
}
