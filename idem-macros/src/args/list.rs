//! The whole list: reads every argument, and goes on after a mistake.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, LitStr, Path, Token};

use super::{
    AfterCrash, Arg, Isolation, Millis, OnError, choice, count, duration, expression, fields, flag, literal,
    names,
};
use crate::diag::{Bag, Reported};
use crate::path;

/// Everything the attribute says.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) key: Arg<Expr>,
    pub(crate) with: Arg<Expr>,
    pub(crate) name: Arg<LitStr>,
    pub(crate) scope: Arg<Expr>,
    pub(crate) ttl: Arg<Millis>,
    pub(crate) lease: Arg<Millis>,
    pub(crate) wait: Arg<Millis>,
    pub(crate) max_run: Arg<Millis>,
    pub(crate) optional: Arg<()>,
    pub(crate) on_error: Arg<OnError>,
    pub(crate) after_crash: Arg<AfterCrash>,
    pub(crate) fingerprint: Arg<Expr>,
    pub(crate) fingerprint_headers: Arg<Vec<LitStr>>,
    pub(crate) store_if: Arg<Expr>,
    pub(crate) detach: Arg<()>,
    pub(crate) isolation: Arg<Isolation>,
    pub(crate) tx_retries: Arg<u32>,
    pub(crate) commit_on: Arg<Expr>,
    pub(crate) krate: Arg<Path>,
    /// A name was not understood, or was passed over. It may have been any argument, so none is called missing then.
    pub(crate) lost: Option<Reported>,
}

impl Args {
    /// Reads the list. Mistakes go into `bag`.
    pub(crate) fn parse(tokens: TokenStream, bag: &mut Bag) -> Self {
        let mut args = Self::default();
        let mut told = Ok(());
        let parsed = (|input: ParseStream<'_>| {
            told = args.read(input, bag);
            Ok(())
        })
        .parse2(tokens);
        // A token left over in a group: most often the one that a value stopped at, and that was told.
        if let (Err(error), Ok(())) = (parsed, told) {
            args.lost = Some(bag.push(error));
        }
        args
    }

    /// The values over the arguments of the function, as far as they can be read, and without those that leave it.
    pub(crate) fn expressions(&self) -> Vec<&Expr> {
        let given = [&self.with, &self.key, &self.scope, &self.fingerprint];
        let given = given.into_iter().filter_map(Arg::value);
        given.filter(|expression| !expression::leaves(expression.to_token_stream())).collect()
    }

    /// Fails if an argument could not be read.
    fn read(&mut self, input: ParseStream<'_>, bag: &mut Bag) -> Result<(), Reported> {
        let mut outcome = Ok(());
        while !input.is_empty() {
            if let Err(reported) = self.read_one(input, bag) {
                outcome = Err(reported);
                self.skip_to_comma(input, reported);
            }
            if input.is_empty() {
                break;
            }
            if input.parse::<Option<Token![,]>>().ok().flatten().is_some() {
                continue;
            }
            let reported = bag.push(input.error("expected `,` between two arguments"));
            // Only the comma is missing if a name follows: go on with it.
            if !starts_argument(input) {
                self.skip_to_comma(input, reported);
                drop(input.parse::<Token![,]>());
            }
        }
        outcome
    }

    fn read_one(&mut self, input: ParseStream<'_>, bag: &mut Bag) -> Result<(), Reported> {
        let name = match input.call(Ident::parse_any) {
            Ok(name) => name,
            Err(error) => return Err(self.lose(Error::new(error.span(), not_a_name(input)), bag)),
        };
        match name.to_string().as_str() {
            "key" => self.key.assign(name, input, expression::key, bag),
            "with" => self.with.assign(name, input, expression::code, bag),
            "name" => self.name.assign(name, input, literal::parse, bag),
            "scope" => self.scope.assign(name, input, expression::scope, bag),
            "ttl" => self.ttl.assign(name, input, duration::positive, bag),
            "lease" => self.lease.assign(name, input, duration::positive, bag),
            "wait" => self.wait.assign(name, input, duration::any, bag),
            "max_run" => self.max_run.assign(name, input, duration::positive, bag),
            "optional" => flag::read(&mut self.optional, name, input, bag),
            "on_error" => self.on_error.assign(name, input, choice::parse, bag),
            "after_crash" => self.after_crash.assign(name, input, choice::parse, bag),
            "fingerprint" => self.fingerprint.assign(name, input, expression::fingerprint, bag),
            "fingerprint_headers" => self.fingerprint_headers.assign(name, input, fields::parse, bag),
            "store_if" => self.store_if.assign(name, input, expression::code, bag),
            "detach" => flag::read(&mut self.detach, name, input, bag),
            "isolation" => self.isolation.assign(name, input, choice::parse, bag),
            "tx_retries" => self.tx_retries.assign(name, input, count::parse, bag),
            "commit_on" => self.commit_on.assign(name, input, expression::code, bag),
            "crate" => self.krate.assign(name, input, path::parse, bag),
            _ => Err(self.lose(Error::new(name.span(), names::unknown(&name)), bag)),
        }
    }

    /// Leaves `input` at the comma before the next argument, or at its end.
    fn skip_to_comma(&mut self, input: ParseStream<'_>, reported: Reported) {
        while !input.is_empty() {
            let ahead = input.fork();
            // A comma may also stand between generic arguments or closure parameters.
            if matches!(ahead.parse::<Option<Token![,]>>(), Ok(Some(_)))
                && (ahead.is_empty() || starts_argument(&ahead))
            {
                return;
            }
            // An argument is passed over: it is not missing.
            if starts_argument(input) {
                self.lost = Some(reported);
            }
            drop(input.parse::<TokenTree>());
        }
    }

    fn lose(&mut self, error: Error, bag: &mut Bag) -> Reported {
        let reported = bag.push(error);
        self.lost = Some(reported);
        reported
    }
}

fn not_a_name(input: ParseStream<'_>) -> &'static str {
    if input.peek(LitStr) {
        "an argument is `name = value`: write `name = \"…\"` to name the operation, or `key = …` to say what its key is"
    } else {
        "an argument is `name = value`, such as `key = event.id`"
    }
}

fn starts_argument(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let Ok(name) = ahead.call(Ident::parse_any) else { return false };
    let assigned = ahead.peek(Token![=]) && !ahead.peek(Token![==]);
    assigned || (names::is_known(&name) && (ahead.is_empty() || ahead.peek(Token![,])))
}
