//! How long the server asks to wait.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// Reads `retry-after-ms`, else `Retry-After` (RFC 9110 §10.2.3: seconds, or a date in any of the three forms).
///
/// A date is measured against the server's own `Date`, so a wrong clock on either side does no harm;
/// `received_at`, the local time at which the reply arrived, serves where there is none. A date in the past is
/// zero. Of several lines the longest counts. A text that is none of these is no hint.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use http::{HeaderMap, HeaderValue};
/// use idem_client::engine::retry_hint;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("date", HeaderValue::from_static("Wed, 21 Oct 2015 07:28:00 GMT"));
/// headers.insert("retry-after", HeaderValue::from_static("Wed, 21 Oct 2015 07:28:05 GMT"));
/// assert_eq!(retry_hint(&headers, SystemTime::now()), Some(Duration::from_secs(5)));
/// ```
#[must_use]
pub fn retry_hint(headers: &HeaderMap, received_at: SystemTime) -> Option<Duration> {
    longest(headers, "retry-after-ms", |text| decimal(text, 1_000.0)).or_else(|| {
        let now = longest(headers, DATE.as_str(), |text| httpdate::parse_http_date(text).ok());
        longest(headers, RETRY_AFTER.as_str(), |text| {
            decimal(text, 1.0).or_else(|| until(text, now.unwrap_or(received_at)))
        })
    })
}

fn longest<T: Ord>(headers: &HeaderMap, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    headers.get_all(name).iter().filter_map(|value| parse(value.to_str().ok()?.trim())).max()
}

/// RFC 9110 allows digits only; some servers send fractions. What no `Duration` holds is the longest one.
fn decimal(text: &str, per_second: f64) -> Option<Duration> {
    let shape = text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.starts_with(|c: char| c.is_ascii_digit());
    let number: f64 = shape.then(|| text.parse().ok())??;
    Some(Duration::try_from_secs_f64(number / per_second).unwrap_or(Duration::MAX))
}

fn until(date: &str, now: SystemTime) -> Option<Duration> {
    let date = httpdate::parse_http_date(date).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn hint(lines: &[(&'static str, &str)]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        // 1994-11-06 08:49:30 UTC by the local clock.
        retry_hint(&headers, UNIX_EPOCH + Duration::from_secs(784_111_770))
    }

    fn secs(n: impl Into<Option<u64>>) -> Option<Duration> {
        n.into().map(Duration::from_secs)
    }

    #[test]
    fn seconds_and_milliseconds() {
        assert_eq!(hint(&[("retry-after", "3")]), secs(3));
        assert_eq!(hint(&[("retry-after", " 007 ")]), secs(7));
        assert_eq!(hint(&[("retry-after", "0")]), secs(0));
        assert_eq!(hint(&[("retry-after", "1.5")]), Some(Duration::from_millis(1500)));
        assert_eq!(hint(&[("retry-after-ms", "250")]), Some(Duration::from_millis(250)));
        assert_eq!(
            hint(&[("retry-after-ms", "0.5"), ("retry-after", "9")]),
            Some(Duration::from_micros(500))
        );
        assert_eq!(hint(&[("retry-after-ms", "soon"), ("retry-after", "9")]), secs(9));
    }

    #[test]
    fn numbers_beyond_all_bounds_are_the_longest_wait() {
        let long = "9".repeat(400);
        assert_eq!(hint(&[("retry-after", &long)]), Some(Duration::MAX));
        assert_eq!(hint(&[("retry-after", "99999999999999999999999")]), Some(Duration::MAX));
    }

    #[test]
    fn all_three_forms_of_a_date() {
        for date in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(hint(&[("retry-after", date)]), secs(7), "{date}");
        }
    }

    #[test]
    fn the_servers_date_corrects_a_wrong_clock() {
        let lines =
            [("date", "Mon, 01 Jan 2035 00:00:00 GMT"), ("retry-after", "Mon, 01 Jan 2035 00:00:04 GMT")];
        assert_eq!(hint(&lines), secs(4));
    }

    #[test]
    fn a_past_date_is_zero() {
        assert_eq!(hint(&[("retry-after", "Sun, 06 Nov 1994 08:49:00 GMT")]), secs(0));
    }

    #[test]
    fn rubbish_is_no_hint() {
        for text in ["", "-1", "+5", "1e9", "inf", "NaN", ".", ".5", "1.2.3", "soon", "Sun, 99 Nov 1994"] {
            assert_eq!(hint(&[("retry-after", text)]), None, "{text}");
        }
    }

    #[test]
    fn of_several_lines_the_longest_counts() {
        assert_eq!(hint(&[("retry-after", "1"), ("retry-after", "5"), ("retry-after", "x")]), secs(5));
    }
}
