//! An enrolled secret that nobody gave a resource policy.

use super::action::FleetAction;
use super::planner::Planner;
use super::view::{Demand, SeenPolicy};
use crate::config::{Scope, SweepConfig};
use crate::model::names::TAG_USER;
use crate::model::{SecretState, UserRef};

/// Whether the sweep looks after the secret's policy: the secret has the name and the tag of one that the sweep
/// would have created, and created ones grant access to the user and the rotation function alone. Its role may set
/// the policy of no other. The name confirms the user whom the tag names: others may set the tag.
pub(crate) fn is_guarded(config: &SweepConfig, user: &UserRef, secret: &SecretState) -> bool {
    config.mode.starts_rotations()
        && config.scope == Scope::All
        && config.rotation_role.is_some()
        && config.is_enrolled(secret)
        && secret.tags.contains_key(TAG_USER)
        && secret.name == config.shared.secret_name_of(user)
}

impl Planner<'_> {
    /// A policy that is there is never replaced, and the one that is set shuts out nobody who can read the secret
    /// now: who that is, is not known. Only the survey knows the user's path, which the policy names.
    pub(super) fn guard(&mut self) {
        if self.view.policy == SeenPolicy::Absent && self.demand == Demand::Due {
            let reason = "it has no resource policy; whoever can read it now still can";
            self.act(FleetAction::LetUserRead, reason);
        }
    }
}
