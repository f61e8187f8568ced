//! `Debug` by structure: what a value is, and never what it holds.
//!
//! Requests, records and stores hold keys, scopes, bodies, replies and passwords. A log line of such a value must show
//! none of them, and must not grow with the number of records. So a type that holds one of them, or that holds many
//! values, has its `Debug` from here instead of a derived one.

/// `Debug` of a struct: its name, and the fields that are listed. A field that is not listed is not shown.
///
/// `structure!(Call)`, `structure!(Call: address, name)`, `structure!([Db: Database] Call<Db>: rules)`.
macro_rules! structure {
    ($([$($generics:tt)+])? $name:ident $(<$($argument:ident),+>)? $(: $($field:ident),+)?) => {
        impl $(<$($generics)+>)? std::fmt::Debug for $name $(<$($argument),+>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $($(.field(stringify!($field), &self.$field))+)?
                    .finish_non_exhaustive()
            }
        }
    };
}

/// `Debug` of an enum: the name of the variant, without its fields.
macro_rules! variants {
    ($([$($generics:tt)+])? $name:ident $(<$($argument:ident),+>)? { $($variant:ident),+ $(,)? }) => {
        impl $(<$($generics)+>)? std::fmt::Debug for $name $(<$($argument),+>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self {
                    $(Self::$variant { .. } => stringify!($variant),)+
                })
            }
        }
    };
}

pub(crate) use {structure, variants};
