//! "Did you mean": the known word that is nearest to a mistyped one.

/// The word of `known` that `written` most likely stands for, if any is near enough.
pub(crate) fn closest(written: &str, known: &[&'static str]) -> Option<&'static str> {
    let written = written.to_lowercase();
    known
        .iter()
        .map(|&word| (distance(&written, word), word))
        .filter(|&(distance, word)| distance <= word.len().max(written.len()).div_ceil(3))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, word)| word)
}

/// How many letters must be added, removed, replaced or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut older: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (row, from) in a.chars().enumerate() {
        let mut left = row + 1;
        let mut line = vec![left];
        for (column, &to) in b.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX - 1);
            let mut best =
                (at(&above, column) + usize::from(from != to)).min(at(&above, column + 1) + 1).min(left + 1);
            let before = column.checked_sub(1).and_then(|index| b.get(index));
            if previous == Some(to) && before == Some(&from) {
                best = best.min(at(&older, column - 1) + 1);
            }
            left = best;
            line.push(best);
        }
        older = std::mem::replace(&mut above, line);
        previous = Some(from);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{closest, distance};

    #[test]
    fn counts_edits_and_swaps() {
        assert_eq!(distance("ttl", "ttl"), 0);
        assert_eq!(distance("tll", "ttl"), 1);
        assert_eq!(distance("nmae", "name"), 1);
        assert_eq!(distance("", "key"), 3);
        assert_eq!(distance("key", ""), 3);
    }

    #[test]
    fn suggests_only_what_is_near() {
        let known = ["key", "scope", "fingerprint"];
        assert_eq!(closest("keys", &known), Some("key"));
        assert_eq!(closest("Scope", &known), Some("scope"));
        assert_eq!(closest("finger_print", &known), Some("fingerprint"));
        assert_eq!(closest("retries", &known), None);
    }
}
