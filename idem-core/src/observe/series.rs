//! The label of a call's metrics.

use std::borrow::Cow;

/// The label `operation` of a call's metrics.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "metrics"), allow(dead_code, reason = "nothing is counted"))]
pub(super) struct Series(Cow<'static, str>);

impl Series {
    const OTHER: Self = Self(Cow::Borrowed("other"));

    pub(super) fn named(name: Option<&'static str>) -> Self {
        name.map_or(Self::OTHER, |name| Self(Cow::Borrowed(name)))
    }

    /// Of an operation without a name: its method and the router's pattern.
    #[cfg(all(feature = "tower", feature = "metrics"))]
    pub(super) const fn of_route(route: String) -> Self {
        Self(Cow::Owned(route))
    }

    #[cfg(feature = "metrics")]
    pub(super) fn label(&self) -> Cow<'static, str> {
        self.0.clone()
    }
}

/// Of an operation's name. A name that was made for one request is no label: there would be a series for each path.
impl From<&Cow<'static, str>> for Series {
    fn from(name: &Cow<'static, str>) -> Self {
        match name {
            Cow::Borrowed(name) => Self(Cow::Borrowed(name)),
            Cow::Owned(_) => Self::OTHER,
        }
    }
}
