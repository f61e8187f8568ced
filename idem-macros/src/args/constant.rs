//! Whether an expression is the same for every call: made of literals, and of what is known to make nothing else of them.
//!
//! Goes by names, for there are no types here: a name that may be a variable, a function or a method that is not known, or a
//! macro that is not known makes an expression one that may vary.

use std::collections::HashSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Expr;

/// Types and traits whose functions give the same for the same.
const TYPES: &str = "String str Cow Box Arc Rc Vec Option Result Some Ok Err None char bool u8 u16 u32 u64 u128 usize \
    i8 i16 i32 i64 i128 isize f32 f64 NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroUsize \
    NonZeroI64 Duration ToString ToOwned Into From TryFrom TryInto FromStr Clone";
const FUNCTIONS: &str = "identity format from_utf8";
const METHODS: &str = "abs as_bytes as_deref as_ref as_secs as_millis as_str bytes chars clone cloned collect concat \
    copied expect first get into into_iter into_owned is_empty iter join last len map max min next \
    nth ok parse pow repeat replace rev split to_lowercase to_owned to_string to_uppercase to_vec \
    trim try_into unwrap unwrap_or unwrap_or_default unwrap_or_else wrapping_add to_ascii_lowercase";
/// Macros that are given values, and those that are given none.
const OVER_VALUES: &str = "format format_args concat vec json matches dbg";
const OVER_NOTHING: &str =
    "stringify line column file module_path env option_env include_str include_bytes cfg";
const KEYWORDS: &str =
    "as break const else false for if in let loop match move mut ref return true unsafe while";

/// True if it is the same for every call, as far as names tell.
pub(super) fn is_constant(expression: &Expr) -> bool {
    !Reader::default().varies(expression.to_token_stream())
}

/// Reads an expression, and knows the variables that it makes itself.
#[derive(Default)]
struct Reader {
    bound: HashSet<String>,
}

impl Reader {
    fn varies(&mut self, tokens: TokenStream) -> bool {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let varies = match token {
                TokenTree::Group(group) => self.varies(group.stream()),
                TokenTree::Punct(punct) if punct.as_char() == '|' && begins(&tokens, at) => {
                    at = self.bind_until(&tokens, at + 1, '|');
                    false
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => false,
                TokenTree::Ident(word) => {
                    let (varies, next) = self.word(&word.to_string(), &tokens, at);
                    at = next;
                    varies
                }
            };
            if varies {
                return true;
            }
            at += 1;
        }
        false
    }

    /// Whether the word at `at` makes the expression vary, and where what belongs to it ends.
    fn word(&mut self, word: &str, tokens: &[TokenTree], at: usize) -> (bool, usize) {
        let before = |distance| at.checked_sub(distance).and_then(|at: usize| punct(tokens.get(at)));
        let called = |at: usize| is_group(tokens.get(at + 1), Delimiter::Parenthesis);
        if before(1) == Some('.') && before(2) != Some('.') {
            let generic = after_turbofish(tokens, at);
            return (called(generic) && !listed(METHODS, word), generic);
        }
        if before(1) == Some('\'') {
            return (false, at);
        }
        if word == "let" || (word == "const" && matches!(tokens.get(at + 1), Some(TokenTree::Ident(_)))) {
            return (false, self.bind_until(tokens, at + 1, '='));
        }
        if word == "_" || listed(KEYWORDS, word) {
            return (false, at);
        }
        let (first, last, end) = path(word, tokens, at);
        if let (Some('!'), Some(TokenTree::Group(given))) = (punct(tokens.get(end + 1)), tokens.get(end + 2))
        {
            return (self.macro_varies(&last, given.stream()), end + 2);
        }
        if end > at || (before(1) == Some(':') && before(2) == Some(':')) {
            let known = listed(TYPES, first.as_str()) || listed(FUNCTIONS, last.as_str());
            // `<str as ToString>::to_string`: what stands before was read.
            let known = known
                || (end == at && (listed(METHODS, word) || word == "from"))
                || last == "None"
                || first == "None";
            let empty =
                matches!(tokens.get(end + 1), Some(TokenTree::Group(given)) if given.stream().is_empty());
            return (!known || empty, end);
        }
        let is_type = listed(TYPES, word) || (is_capital(word) && word.contains(char::is_lowercase));
        (!self.bound.contains(word) && (!is_type || (called(at) && !is_capital(word))), at)
    }

    fn macro_varies(&mut self, name: &str, given: TokenStream) -> bool {
        if listed(OVER_NOTHING, name) {
            return false;
        }
        if !listed(OVER_VALUES, name) {
            return true;
        }
        let tokens: Vec<TokenTree> = given.clone().into_iter().collect();
        // `format!("{x}", x = 1)`
        for pair in tokens.windows(3) {
            if let [TokenTree::Ident(name), TokenTree::Punct(equals), value] = pair
                && equals.as_char() == '='
                && punct(Some(value)) != Some('=')
            {
                self.bound.insert(name.to_string());
            }
        }
        let captured = match tokens.first() {
            Some(TokenTree::Literal(text)) if name.starts_with("format") => captures(&text.to_string()),
            _ => Vec::new(),
        };
        captured.iter().any(|name| !self.bound.contains(name)) || self.varies(given)
    }

    /// Takes the names in a pattern, up to `end`.
    fn bind_until(&mut self, tokens: &[TokenTree], from: usize, end: char) -> usize {
        let mut at = from;
        while let Some(token) = tokens.get(at).filter(|token| punct(Some(token)) != Some(end)) {
            self.bind(token);
            at += 1;
        }
        at
    }

    fn bind(&mut self, token: &TokenTree) {
        match token {
            TokenTree::Ident(name) => drop(self.bound.insert(name.to_string())),
            TokenTree::Group(group) => group.stream().into_iter().for_each(|token| self.bind(&token)),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// First and last segment of the path that begins at `at`, and where it ends.
fn path(word: &str, tokens: &[TokenTree], at: usize) -> (String, String, usize) {
    let (mut last, mut end) = (word.to_owned(), at);
    while punct(tokens.get(end + 1)) == Some(':') && punct(tokens.get(end + 2)) == Some(':') {
        match tokens.get(end + 3) {
            Some(TokenTree::Ident(name)) => {
                last = name.to_string();
                end += 3;
            }
            Some(TokenTree::Punct(_)) => {
                let after = after_turbofish(tokens, end);
                if after == end {
                    break;
                }
                end = after;
            }
            _ => break,
        }
    }
    // The type, for `std::string::String::from`.
    let segments = tokens.get(at..=end).unwrap_or_default().iter();
    let known = segments.filter_map(|token| match token {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    });
    let first =
        known.into_iter().find(|name| listed(TYPES, name.as_str())).unwrap_or_else(|| word.to_owned());
    (first, last, end)
}

/// Where `::<…>` behind `at` ends; `at` if there is none.
fn after_turbofish(tokens: &[TokenTree], at: usize) -> usize {
    let is = |distance: usize, sign| punct(tokens.get(at + distance)) == Some(sign);
    if !(is(1, ':') && is(2, ':') && is(3, '<')) {
        return at;
    }
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(at + 3) {
        match punct(Some(token)) {
            Some('<') => depth += 1,
            Some('>') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    at
}

/// Whether a `|` at `at` begins a closure: nothing stands before it that it could join.
fn begins(tokens: &[TokenTree], at: usize) -> bool {
    match at.checked_sub(1).and_then(|before| tokens.get(before)) {
        None | Some(TokenTree::Punct(_)) => true,
        Some(TokenTree::Ident(word)) => word == "move" || word == "return",
        Some(TokenTree::Group(_) | TokenTree::Literal(_)) => false,
    }
}

/// The variables that a text of `format!` names: `{id}`, `{:width$}`.
fn captures(format: &str) -> Vec<String> {
    let mut found = Vec::new();
    let text = format.replace("{{", "").replace("\\u{", "");
    for part in text.split('{').skip(1) {
        let inside = part.split('}').next().unwrap_or_default();
        let (name, width) = inside.split_once(':').unwrap_or((inside, ""));
        let named = |name: &str| name.starts_with(|first: char| first.is_alphabetic() || first == '_');
        let widths = width.split('$').rev().skip(1);
        let widths =
            widths.filter_map(|width| width.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next());
        found.extend([name].into_iter().chain(widths).filter(|name| named(name)).map(str::to_owned));
    }
    found
}

/// Whether `word` is one of those in `list`.
fn listed(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

fn punct(token: Option<&TokenTree>) -> Option<char> {
    match token {
        Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
        _ => None,
    }
}

fn is_group(token: Option<&TokenTree>, delimiter: Delimiter) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == delimiter)
}

fn is_capital(word: &str) -> bool {
    word.starts_with(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::is_constant;

    #[test]
    fn what_is_made_of_literals_is_constant() {
        let table = r#"
        "x"
        1
        -1i64 as u8
        ("x", 1)
        [1, 2]
        ()
        1 + 1
        "x".to_owned()
        String::from("x")
        Some("x".to_owned())
        format!("x")
        format!("{}-{{}}", 1)
        format!("{x}", x = 1)
        format!("{:>1$}", 5, 7)
        format!("\u{7b}x}")
        concat!("x", 1)
        stringify!(order)
        if true { "x" } else { "y" }
        match 1 { _ => "x" }
        ["x", "y"][0]
        ("x", 1).0
        "x"[..].to_owned()
        (1..2).start
        const { "x" }
        { let x = 1; x }
        { const X: u64 = 1; X }
        { "x".to_string(); "y" }
        unsafe { "x" }
        loop { break "x" }
        'a: { break 'a "x" }
        (|| "x")()
        std::fmt::format(format_args!("x"))
        str::to_owned("x")
        ToString::to_string("x")
        <str as ToString>::to_string("x")
        <String as From<&str>>::from("x")
        Into::<String>::into("x")
        std::convert::identity("x")
        u64::from(5u32)
        u64::pow(2, 3)
        u64::from_str_radix("5", 10).unwrap()
        Ok::<_, ()>("x").unwrap()
        NonZeroU64::new(1).unwrap().get()
        Duration::from_secs(1).as_secs()
        "x".parse::<u64>().unwrap_or_else(|_| 3)
        "x".chars().map(|c| c).collect::<String>()
        None::<u64>
        None
        line!()
        module_path!()
        env!("PATH")
        include_str!("f")
        cfg!(test).to_string()
        matches!(1, 1).to_string()
        vec!["x"]
        serde_json::json!({ "a": 1 })
        &"eu".to_uppercase()
        std::string::String::from("x")
        "#;
        for text in table.lines().map(str::trim).filter(|text| !text.is_empty()) {
            let expression = syn::parse_str(text).expect(text);
            assert!(is_constant(&expression), "{text}");
        }
    }

    #[test]
    fn what_may_differ_is_not() {
        let table = r#"
        order
        order.id
        &order.id
        self.id
        ("x", order.id)
        order.id + 1
        format!("{order}")
        format!("{}", order)
        format!("{:width$}", 1)
        format!("{x}{y}", x = 1)
        next_id()
        crate::ids::next()
        Uuid::new_v4()
        Id::of("x")
        warehouse::Box::current()
        "tenant".of()
        TENANT
        Self::KEY
        Tenant::CURRENT
        String::from(order)
        order.to_string()
        || 1 | order
        my_macro!(1)
        if flag { 1 } else { 2 }
        match kind { _ => 1 }
        { let x = order; 1 }
        std::process::id()
        std::env::var("X")
        json!({ "a": order.id })
        (|| order)()
        { let x = 1; order }
        lookup("x").await
        Some(order)
        u64::from(line)
        "#;
        for text in table.lines().map(str::trim).filter(|text| !text.is_empty()) {
            let expression = syn::parse_str(text).expect(text);
            assert!(!is_constant(&expression), "{text}");
        }
    }
}
