//! From what an output says to what becomes of its record.

use crate::outcome::{Class, ErrorClass};
use crate::policy::OnError;

/// What becomes of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The output is stored and replayed.
    Store,
    /// The key is free again.
    Release,
    /// The outcome is not known.
    Unknown,
}

impl Fate {
    /// The handler's own mark, else the class, else the policy. `store_if` decides about what class or policy would store;
    /// a mark, or a doubt, it does not take back.
    pub(crate) const fn of(mark: ErrorClass, class: Class, on_error: OnError, wanted: bool) -> Self {
        match (mark, class, on_error) {
            (ErrorClass::Final, _, _) => Self::Store,
            (ErrorClass::Default, Class::Final, _)
            | (ErrorClass::Default, Class::Failure, OnError::Store) => {
                if wanted {
                    Self::Store
                } else {
                    Self::Release
                }
            }
            (ErrorClass::NoEffect, _, _)
            | (ErrorClass::Default, Class::Transient, _)
            | (ErrorClass::Default, Class::Failure, OnError::Release) => Self::Release,
            (ErrorClass::Ambiguous, _, _) | (ErrorClass::Default, Class::Failure, OnError::Unknown) => {
                Self::Unknown
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: [Class; 3] = [Class::Final, Class::Transient, Class::Failure];
    const POLICIES: [OnError; 3] = [OnError::Release, OnError::Store, OnError::Unknown];

    #[test]
    fn a_mark_counts_over_class_policy_and_predicate() {
        let marks = [
            (ErrorClass::Final, Fate::Store),
            (ErrorClass::NoEffect, Fate::Release),
            (ErrorClass::Ambiguous, Fate::Unknown),
        ];
        for (mark, fate) in marks {
            for class in CLASSES {
                for policy in POLICIES {
                    for wanted in [true, false] {
                        assert_eq!(
                            Fate::of(mark, class, policy, wanted),
                            fate,
                            "{mark:?} {class:?} {policy:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_predicate_takes_back_only_what_would_be_stored() {
        for class in CLASSES {
            for policy in POLICIES {
                let wanted = Fate::of(ErrorClass::Default, class, policy, true);
                let unwanted = Fate::of(ErrorClass::Default, class, policy, false);
                let expected = if wanted == Fate::Store { Fate::Release } else { wanted };
                assert_eq!(unwanted, expected, "{class:?} {policy:?}");
            }
        }
    }

    #[test]
    fn the_policy_decides_about_failures_alone() {
        for policy in POLICIES {
            assert_eq!(Fate::of(ErrorClass::Default, Class::Final, policy, true), Fate::Store);
            assert_eq!(Fate::of(ErrorClass::Default, Class::Transient, policy, true), Fate::Release);
        }
        let failed = |policy| Fate::of(ErrorClass::Default, Class::Failure, policy, true);
        assert_eq!(POLICIES.map(failed), [Fate::Release, Fate::Store, Fate::Unknown]);
    }
}
