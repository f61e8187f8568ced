//! A changed copy of a struct of idem-core. Its structs are `#[non_exhaustive]`: other crates may set their fields, and
//! cannot write `Claim { lease, ..claim }`.

/// `with!(claim, lease, after_crash = AfterCrash::Rerun)` is `claim` with these two fields set.
macro_rules! with {
    (@set $changed:ident $field:ident) => { $changed.$field = $field; };
    (@set $changed:ident $field:ident $value:expr) => { $changed.$field = $value; };
    ($base:expr $(, $field:ident $(= $value:expr)?)+ $(,)?) => {{
        let mut changed = $base;
        $(with!(@set changed $field $($value)?);)+
        changed
    }};
}
