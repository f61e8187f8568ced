//! Durations: `ttl = "24h"`. One integer and one unit, checked while compiling.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{Error, Expr, Lit, Result};

use super::expression::bare;
use super::names;

/// A duration in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Millis(pub(crate) u64);

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
/// The longest duration, in days.
const LONGEST_DAYS: u64 = 3650;

/// Reads a duration that may be zero.
///
/// # Errors
/// It is not a string literal of one integer and one unit, or is longer than 3650 days.
pub(crate) fn any(name: &Ident, input: ParseStream<'_>) -> Result<Millis> {
    let expression: Expr = input.parse()?;
    let fail = |message: String| Error::new_spanned(&expression, message);
    let usage = names::usage(name);
    let Expr::Lit(literal) = bare(&expression) else {
        return Err(fail(format!("`{name}` is a duration in quotes: `{usage}`")));
    };
    match &literal.lit {
        Lit::Str(text) => millis(&text.value()).map_err(fail),
        Lit::Int(number) if millis(&number.to_string()).is_ok() => {
            Err(fail(format!("a duration stands in quotes: `{name} = \"{number}\"`")))
        }
        _ => Err(fail(format!("`{name}` is a duration in quotes, with a unit: `{usage}`"))),
    }
}

/// Reads a duration above zero.
///
/// # Errors
/// As [`any`], or it is zero.
pub(crate) fn positive(name: &Ident, input: ParseStream<'_>) -> Result<Millis> {
    let ahead = input.fork();
    let millis = any(name, input)?;
    if millis == Millis(0) {
        let message = format!("`{name}` cannot be zero: `{}`", names::usage(name));
        return Err(Error::new(ahead.span(), message));
    }
    Ok(millis)
}

fn millis(text: &str) -> std::result::Result<Millis, String> {
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(format!(
            "`{text}` is not a duration: write an integer and a unit, such as \"30s\" or \"24h\""
        ));
    }
    if unit.is_empty() {
        return Err(format!(
            "a unit is missing after `{number}`: write \"{number}s\", or one of ms, s, m, h, d"
        ));
    }
    let Some((_, factor)) = UNITS.iter().find(|(known, _)| *known == unit) else {
        return Err(unknown_unit(number, unit));
    };
    let longest = LONGEST_DAYS * 86_400_000;
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(*factor)) {
        Some(millis) if millis <= longest => Ok(Millis(millis)),
        _ => Err(format!("`{text}` is longer than \"{LONGEST_DAYS}d\", the longest duration")),
    }
}

fn unknown_unit(number: &str, unit: &str) -> String {
    let word = unit.trim().to_lowercase();
    let meant = match word.as_str() {
        "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => Some("ms"),
        "s" | "sec" | "secs" | "second" | "seconds" => Some("s"),
        "m" | "min" | "mins" | "minute" | "minutes" => Some("m"),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some("h"),
        "d" | "day" | "days" => Some("d"),
        _ => None,
    };
    match meant {
        Some(meant) => format!("write \"{number}{meant}\": the units are ms, s, m, h, d, without a space"),
        None => format!(
            "`{number}{unit}` is not one integer and one unit (ms, s, m, h, d), such as \"30s\" or \"24h\""
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{Millis, millis};

    #[test]
    fn reads_every_unit() {
        for (text, expected) in [
            ("0s", 0),
            ("250ms", 250),
            ("30s", 30_000),
            ("5m", 300_000),
            ("24h", 86_400_000),
            ("7d", 604_800_000),
        ] {
            assert_eq!(millis(text), Ok(Millis(expected)), "{text}");
        }
    }

    #[test]
    fn stops_at_ten_years() {
        assert_eq!(millis("3650d"), Ok(Millis(315_360_000_000)));
        for text in ["3651d", "315360000001ms", "18446744073709551616ms", "99999999999999999999999999d"] {
            assert!(millis(text).is_err_and(|message| message.contains("longer than")), "{text}");
        }
    }

    #[test]
    fn says_what_to_write() {
        for (text, expected) in [
            ("24", "a unit is missing after `24`: write \"24s\", or one of ms, s, m, h, d"),
            ("24 h", "write \"24h\": the units are ms, s, m, h, d, without a space"),
            ("2days", "write \"2d\": the units are ms, s, m, h, d, without a space"),
            ("", "`` is not a duration: write an integer and a unit, such as \"30s\" or \"24h\""),
            ("-1s", "`-1s` is not a duration: write an integer and a unit, such as \"30s\" or \"24h\""),
            ("1h30m", "`1h30m` is not one integer and one unit (ms, s, m, h, d), such as \"30s\" or \"24h\""),
            ("1.5h", "`1.5h` is not one integer and one unit (ms, s, m, h, d), such as \"30s\" or \"24h\""),
            (
                "5\u{b5}s",
                "`5\u{b5}s` is not one integer and one unit (ms, s, m, h, d), such as \"30s\" or \"24h\"",
            ),
        ] {
            assert_eq!(millis(text), Err(expected.to_owned()), "{text}");
        }
    }
}
