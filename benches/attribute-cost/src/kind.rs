//! What is compared: forms of functions, and how much of idem is in them.

use crate::Failure;

/// What the functions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Axum handlers.
    Axum,
    /// Axum handlers with one query in a transaction.
    Tx,
    /// Async functions, all called by `main`.
    Plain,
}

/// How much of idem is in the crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dress {
    /// None, but for the `From<Refused>` of the error type.
    Bare,
    /// `main` makes an `Idem`, and the router has its layer. What it adds is paid once, not by each function.
    Idem,
    /// Besides, each function has the attribute.
    Idempotent,
}

/// One generated crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    /// What its functions are.
    pub(crate) form: Form,
    /// How much of idem is in it.
    pub(crate) dress: Dress,
}

const FORMS: [Form; 3] = [Form::Axum, Form::Tx, Form::Plain];
const DRESSES: [Dress; 3] = [Dress::Bare, Dress::Idem, Dress::Idempotent];

impl Form {
    /// As `--only` takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Tx => "tx",
            Self::Plain => "plain",
        }
    }
}

impl Kind {
    /// The name of the crate.
    pub(crate) fn name(self) -> String {
        let dress = match self.dress {
            Dress::Bare => "bare",
            Dress::Idem => "idem",
            Dress::Idempotent => "idempotent",
        };
        format!("{}-{dress}", self.form.name())
    }

    /// As the table says it.
    pub(crate) fn title(self) -> String {
        let form = match self.form {
            Form::Axum => "axum handler",
            Form::Tx => "axum handler, transaction",
            Form::Plain => "plain function",
        };
        let dress = match (self.dress, self.form) {
            (Dress::Bare, _) => "bare",
            (Dress::Idem, Form::Plain) => "bare, an `Idem` in `main`",
            (Dress::Idem, _) => "bare, under `idem.layer()`",
            (Dress::Idempotent, Form::Axum) => "`#[idempotent]`",
            (Dress::Idempotent, Form::Tx) => "`#[idempotent]` with `#[tx]`",
            (Dress::Idempotent, Form::Plain) => "`#[idempotent(with = …)]`",
        };
        format!("{form}, {dress}")
    }

    /// What it is compared with.
    pub(crate) fn bare(self) -> Self {
        Self { form: self.form, dress: Dress::Bare }
    }

    /// Whether a template's line with this mark is in the crate.
    pub(crate) fn has(self, mark: &str) -> bool {
        match mark {
            "attribute" => self.dress == Dress::Idempotent,
            "bare" => self.dress != Dress::Idempotent,
            "idem" => self.dress != Dress::Bare,
            "idem-axum" => self.has("idem") && self.form == Form::Axum,
            "idem-tx" => self.has("idem") && self.form == Form::Tx,
            "tx" => self.form == Form::Tx,
            _ => panic!("no template line has the mark {mark}"),
        }
    }
}

/// The kinds that are named by form or in full, and those they are compared with; all if none is named.
pub(crate) fn chosen(only: &[String]) -> Result<Vec<Kind>, Failure> {
    let all: Vec<Kind> =
        FORMS.into_iter().flat_map(|form| DRESSES.map(|dress| Kind { form, dress })).collect();
    let is = |kind: Kind, name: &String| *name == kind.form.name() || *name == kind.name();
    if let Some(name) = only.iter().find(|name| !all.iter().any(|kind| is(*kind, name))) {
        let known: Vec<String> = all.iter().map(|kind| kind.name()).collect();
        return Err(format!("{name} is no kind; there are axum, tx, plain, {}", known.join(", ")).into());
    }
    let asked = |kind: Kind| only.is_empty() || only.iter().any(|name| is(kind, name));
    let compared = |bare: Kind| all.iter().any(|kind| kind.bare() == bare && asked(*kind));
    Ok(all.iter().copied().filter(|kind| asked(*kind) || compared(*kind)).collect())
}
