//! A user without a secret gets one.

use super::action::FleetAction;
use super::notice::ComingEvent;
use super::planner::{Planner, before, deletes_unknown_keys, warns};
use super::view::Demand;
use crate::config::Scope;
use crate::model::{
    AccessKey, AccessKeyId, FindingKind, KeyStatus, UnknownKeys, fits_a_secret_name, fits_a_tag,
};
use crate::plan::retire::after;

impl Planner<'_> {
    /// The secret is made as early as the first warning goes out, or an inactive key is seen beside the active
    /// one, because what a sweep remembers of a user is written on it: what was announced, and since when a key
    /// is inactive, which IAM does not tell. A user without an active key stays without.
    pub(super) fn enroll(&mut self) {
        let wanted = match self.demand {
            Demand::Due => self.config.scope == Scope::All,
            Demand::Rotate => true,
            Demand::Deactivate | Demand::Delete => {
                return self.refuse("the user has no secret, so which key is superseded is not known".into());
            }
        };
        let mut active: Vec<&AccessKey> =
            self.view.keys.iter().filter(|key| key.status == KeyStatus::Active).collect();
        active.sort_by_key(|key| key.created);
        let (Some(oldest), Some(youngest)) = (active.first(), active.last()) else {
            return self.refuse("the user has no active key, and gets none".into());
        };
        if !wanted {
            return;
        }
        let due = after(oldest.created, self.config.rotate_after);
        let forced = self.demand == Demand::Rotate;
        let begins = match warns(self.config, self.config.rotate_after) {
            true => before(due, self.config.warn_before),
            false => due,
        };
        let early = self.seen.now < begins && !forced;
        let leftover = self.leftover();
        if early && leftover.is_none() {
            return self.expect(ComingEvent::Rotation, &oldest.id, due, self.config.rotate_after);
        }
        if !self.config.shared.has_own_names() {
            return self.refuse(format!(
                "the user has no enrolled secret, and with ROTATOR_SECRET_NAME={} the sweep creates none: create it, then `iam-key-rotator enroll {} --secret NAME`",
                self.config.shared.secret_name, self.view.user.name
            ));
        }
        let (name, user) = (self.config.shared.secret_name_of(&self.view.user), &self.view.user.name);
        if !fits_a_secret_name(&name) || !fits_a_tag(user) {
            let evidence = format!(
                "the name {user:?} holds a character, such as a comma, that no secret's name and no tag may hold, so no secret is created. If the user may be renamed: `aws iam update-user --user-name '{user}' --new-user-name NAME`"
            );
            self.refuse(evidence.clone());
            return self.find(FindingKind::NameUnusable, None, evidence);
        }
        if let Some(other) = self.view.claims.others.first() {
            let key = other.key.as_ref().map_or_else(|| "a key of the user".to_owned(), ToString::to_string);
            let evidence =
                format!("AWSCURRENT of {} may hold {key}, so no other secret is created", other.arn);
            self.refuse(evidence.clone());
            return self.find(FindingKind::SecretConflict, None, evidence);
        }
        if self.view.name_taken {
            let name = self.config.shared.secret_name_of(&self.view.user);
            return self.find(
                FindingKind::NameTaken,
                None,
                format!(
                    "the user's secret would be called {name:?}, and there is one that is not the user's"
                ),
            );
        }
        if active.len() > 1 && self.policy.unknown_keys != UnknownKeys::DeleteOldest {
            let evidence = format!("{} and {} are both active", oldest.id, youngest.id);
            self.refuse(evidence.clone());
            return self.find(FindingKind::TwoActiveKeys, Some(&oldest.id), evidence);
        }
        let secret_name = self.config.shared.secret_name_of(&self.view.user);
        let reason = format!("its key {} was created {}", oldest.id, oldest.created);
        let why = match leftover.filter(|_| early) {
            Some(key) => format!("the secret remembers since when its key {key} is inactive"),
            None => reason.clone(),
        };
        self.act(FleetAction::Enroll { secret_name, adopts: youngest.id.clone() }, why);
        if self.seen.now >= due || forced {
            self.request_rotation(self.config.rotation_setup(), reason);
        } else {
            self.expect(ComingEvent::Rotation, &oldest.id, due, self.config.rotate_after);
        }
    }

    /// An inactive key that is to be deleted once its recovery window is over.
    fn leftover(&self) -> Option<AccessKeyId> {
        let inactive = self.view.keys.iter().find(|key| key.status == KeyStatus::Inactive);
        inactive.filter(|_| deletes_unknown_keys(self.config, &self.policy)).map(|key| key.id.clone())
    }
}
