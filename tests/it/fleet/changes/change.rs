//! What changes: the settings of a stack, the users that it leaves alone, and where its functions are.

use super::life::Life;

/// One change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A setting of the newest stack; it is deployed anew.
    Set(&'static str, &'static str),
    /// A user gets the tag that exempts it, or loses it.
    ExemptByTag(&'static str, bool),
    /// A user joins the exempt group, or leaves it.
    ExemptByGroup(&'static str, bool),
    /// A user leaves the scope of the roles, as by the tag that the CDK's policies ask for, or returns.
    Denied(&'static str, bool),
    /// A stack takes the place of the newest one; both exist. The secrets are handed over as it says.
    Move(Handover),
    /// The older stacks are removed, and what they still rotate is handed over or not.
    RemoveOld(Handover),
}

/// Which secrets are handed to the newest stack, by RotateSecret with its function's ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handover {
    All,
    First,
    None,
}

impl Change {
    pub(super) async fn apply(self, life: &mut Life) {
        life.tell(&format!("change: {self:?}"));
        match self {
            Self::Set(name, value) => life.set(name, value),
            Self::ExemptByTag(user, true) => {
                life.sim().tag_user(super::ACCOUNT, user, super::EXEMPT_TAG, "a test")
            }
            Self::ExemptByTag(user, false) => life.sim().untag_user(super::ACCOUNT, user, super::EXEMPT_TAG),
            Self::ExemptByGroup(user, member) => life.exempt_by_group(user, member),
            Self::Denied(user, denied) => life.deny(user, denied),
            Self::Move(handover) => {
                life.add_stack();
                life.hand_over(handover).await;
            }
            Self::RemoveOld(handover) => {
                life.remove_old_stacks();
                life.hand_over(handover).await;
            }
        }
        life.watch().accept();
    }
}
