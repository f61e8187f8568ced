//! The hooks of a service, by operation.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::{Unsettled, Verification, Verify, VerifyError};
use crate::label::Label;
use crate::store::BoxFuture;

/// A [`Verify`] of any type.
pub(crate) trait Hook: Send + Sync {
    /// The hook's future is made when this is first polled, so that a panic is met there too.
    fn ask(self: Arc<Self>, unsettled: Unsettled) -> BoxFuture<'static, Result<Verification, VerifyError>>;
}

impl<V: Verify> Hook for V {
    fn ask(self: Arc<Self>, unsettled: Unsettled) -> BoxFuture<'static, Result<Verification, VerifyError>> {
        Box::pin(async move { self.verify(unsettled).await })
    }
}

#[derive(Default)]
pub(crate) struct Hooks(HashMap<Box<str>, Arc<dyn Hook>>);

impl Hooks {
    pub(crate) fn put(&mut self, operation: &str, hook: impl Verify) {
        // As records name it, see `Label`.
        let named = Label::new(operation, b"");
        self.0.insert(named.operation().into(), Arc::new(hook));
    }

    pub(crate) fn get(&self, operation: &str) -> Option<Arc<dyn Hook>> {
        self.0.get(operation).cloned()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
