//! Durations that contradict each other.

use syn::Error;

use crate::args::{Arg, Args};
use crate::diag::{Bag, Reported};

/// Checks the durations that the attribute itself gives. What comes from the builder is checked at the first call.
///
/// # Errors
/// `bag` says what is wrong.
pub(super) fn check(args: &Args, bag: &mut Bag) -> Result<(), Reported> {
    let Arg::Given(lease) = &args.lease else { return Ok(()) };
    let bounds = [
        (&args.max_run, "a claim is renewed for `max_run` at most"),
        (&args.ttl, "a stored answer would be gone while a claim still stands"),
    ];
    bag.all(bounds.into_iter().filter_map(|(bound, why)| match bound {
        Arg::Given(bound) if lease.value.0 > bound.value.0 => {
            let name = &bound.name;
            let text =
                format!("`lease` is longer than `{name}`: {why}; shorten `lease`, or lengthen `{name}`");
            Some(Error::new(lease.name.span(), text))
        }
        _ => None,
    }))
}
