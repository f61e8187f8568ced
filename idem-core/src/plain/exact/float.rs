//! Floats that every reader of JSON reads as they were written.

/// True if the shortest decimal of `float` is read back to the bit also without `serde_json`'s `float_roundtrip`, which
/// multiplies a 64-bit integer by a power of ten: exact while both are exact, up to 15 digits and 10²².
pub(super) fn double_survives_json(float: f64) -> bool {
    float.is_finite() && is_short(&format!("{float:e}"))
}

/// The same, read as an `f64` and rounded to an `f32`.
pub(super) fn single_survives_json(float: f32) -> bool {
    let text = format!("{float:e}");
    let read = || text.parse::<f64>().is_ok_and(|double| narrowed(double).to_bits() == float.to_bits());
    float.is_finite() && is_short(&text) && read()
}

#[expect(clippy::cast_possible_truncation, reason = "what serde does with a number for an `f32`")]
const fn narrowed(double: f64) -> f32 {
    double as f32
}

/// Of a number in scientific notation. `serde_json` writes exponents from -5 to 15 as zeros, which count as digits when
/// they are read, and one more behind the point.
fn is_short(scientific: &str) -> bool {
    let Some((digits, exponent)) = scientific.split_once('e') else { return false };
    let digits = digits.bytes().filter(u8::is_ascii_digit).count();
    digits <= 15 && exponent.parse().is_ok_and(|exponent: i32| (-7..=13).contains(&exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_floats_survive_and_others_are_not_trusted() {
        for float in [0.0, -0.0, 1.0, 19.99, -0.1, 1e13, 1.5e-7, 123_456_789.012_345] {
            assert!(double_survives_json(float), "{float}");
            let json = serde_json::to_string(&float).unwrap();
            assert_eq!(serde_json::from_str::<f64>(&json).unwrap().to_bits(), float.to_bits(), "{json}");
        }
        for float in
            [f64::NAN, f64::INFINITY, 57_871.409_318_936_596, 0.1 + 0.2, f64::MAX, f64::MIN_POSITIVE, 1e22]
        {
            assert!(!double_survives_json(float), "{float}");
        }
        assert!(single_survives_json(0.1));
        assert!(!single_survives_json(f32::NAN));
    }
}
