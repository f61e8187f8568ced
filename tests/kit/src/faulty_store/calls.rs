//! Kinds of calls.

use std::fmt;
use std::ops::BitOr;

/// Kinds of calls of a [`Store`](idem_core::store::Store): one for each operation, and sets of them, made by `|`.
///
/// The batch form of an operation is of the same kind as the operation, and counts as one call.
///
/// ```
/// use idem_testing::faulty_store::Calls;
///
/// let ends = Calls::COMPLETE | Calls::RELEASE;
/// assert!(Calls::WRITES.contains(ends) && !ends.contains(Calls::WRITES));
/// assert_eq!(format!("{ends:?}"), "COMPLETE | RELEASE");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Calls(u16);

macro_rules! kinds {
    ($($name:ident = $bit:literal, $operation:literal;)*) => {
        impl Calls {
            $(
                #[doc = concat!("[`Store::", $operation, "`](idem_core::store::Store::", $operation, ").")]
                pub const $name: Self = Self(1 << $bit);
            )*
            /// Every kind.
            pub const ALL: Self = Self($(1 << $bit)|*);
            /// Each kind alone, in the order of their bits.
            pub(super) const EACH: &[(Self, &'static str)] = &[$((Self::$name, stringify!($name))),*];
        }
    };
}

kinds! {
    CLAIM = 0, "claim";
    COMPLETE = 1, "complete";
    RELEASE = 2, "release";
    MARK_UNKNOWN = 3, "mark_unknown";
    RENEW = 4, "renew";
    LOOK_UP = 5, "look_up";
    SWEEP = 6, "sweep";
    REAP = 7, "reap";
    LIST = 8, "list";
    COUNT = 9, "count";
    SETTLE = 10, "settle";
    FREE = 11, "free";
    FORGET = 12, "forget";
    TALLY = 13, "tally";
}

impl Calls {
    /// How an owner ends its claim: completions, releases and marks as unknown.
    pub const WRITES: Self = Self(Self::COMPLETE.0 | Self::RELEASE.0 | Self::MARK_UNKNOWN.0);
    /// What hooks and operators decide: settlements, freeings and forgettings.
    pub const ORDERS: Self = Self(Self::SETTLE.0 | Self::FREE.0 | Self::FORGET.0);
    /// What an engine does in the background: renewals, sweeps and reaping.
    pub const UPKEEP: Self = Self(Self::RENEW.0 | Self::SWEEP.0 | Self::REAP.0);

    /// Whether every kind in `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The place of a single kind in [`EACH`](Self::EACH).
    pub(super) const fn place(self) -> usize {
        self.0.trailing_zeros() as usize
    }
}

impl BitOr for Calls {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The names of the kinds, with `|` between.
impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for (_, name) in Self::EACH.iter().filter(|(kind, _)| self.contains(*kind)) {
            write!(f, "{between}{name}")?;
            between = " | ";
        }
        Ok(())
    }
}
