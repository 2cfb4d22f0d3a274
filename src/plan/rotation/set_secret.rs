//! setSecret: nothing to set.

use super::{Outcome, Plan};

/// Plans setSecret: IAM knows a key from the moment it creates it, so there is no other system that
/// would have to be told. No call is made.
pub(crate) fn set_secret() -> Plan {
    Plan::idle(Outcome::NothingToDo("IAM knows the key from its creation on".into()))
}
