use idem_core::idempotent; //@ attribute

use crate::ctx::{Ctx, E, Line, Receipt};
