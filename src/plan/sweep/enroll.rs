//! A user without a secret gets one.

use super::action::FleetAction;
use super::notice::ComingEvent;
use super::planner::{Planner, before, deletes_unknown_keys, warns};
use super::view::Demand;
use crate::config::Scope;
use crate::model::{
    AccessKey, AccessKeyId, FindingKind, KeyStatus, Phrase, UnknownKeys, fits_a_secret_name, fits_a_tag,
    phrase,
};
use crate::plan::retire::after;

/// What keeps the sweep from creating a secret.
struct Bar {
    /// None where the settings say that it creates none.
    kind: Option<FindingKind>,
    key: Option<AccessKeyId>,
    evidence: Phrase,
}

impl Planner<'_> {
    /// The secret is made as early as the first warning goes out, or an inactive key is seen beside the active
    /// one, because what a sweep remembers of a user is written on it: what was announced, and since when a key
    /// is inactive, which IAM does not tell. A user without an active key stays without.
    pub(super) fn enroll(&mut self) {
        let wanted = match self.demand {
            Demand::Due => self.config.scope == Scope::All,
            Demand::Rotate => true,
            Demand::Deactivate | Demand::Delete => {
                return self.refuse("the user has no secret, so which key is superseded is not known");
            }
        };
        let mut active: Vec<&AccessKey> =
            self.view.keys.iter().filter(|key| key.status == KeyStatus::Active).collect();
        active.sort_by_key(|key| key.created);
        let (Some(oldest), Some(youngest)) = (active.first(), active.last()) else {
            return self.refuse("the user has no active key, and gets none");
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
        if let Some(bar) = self.bar_to_enrollment(&active) {
            return self.decline(bar);
        }
        let secret_name = self.config.shared.secret_name_of(&self.view.user);
        let reason = phrase!("its key ", &oldest.id, " was created ", oldest.created);
        let why = match leftover.filter(|_| early) {
            Some(key) => phrase!("the secret remembers since when its key ", &key, " is inactive"),
            None => reason.clone(),
        };
        self.act(FleetAction::Enroll { secret_name, adopts: youngest.id.clone() }, why);
        if self.seen.now >= due || forced {
            self.request_rotation(self.config.rotation_setup(), reason);
        } else {
            self.expect(ComingEvent::Rotation, &oldest.id, due, self.config.rotate_after);
        }
    }

    /// What keeps the sweep from creating a secret for a user with these active keys, the oldest first.
    fn bar_to_enrollment(&self, active: &[&AccessKey]) -> Option<Bar> {
        let (user, settings) = (&self.view.user.name, &self.config.shared);
        if !settings.has_own_names() {
            let said = format_args!(
                "the user has no enrolled secret, and with ROTATOR_SECRET_NAME={} the sweep creates none: create it, then `iam-key-rotator enroll {user} --secret NAME`",
                settings.secret_name
            );
            return Some(Bar { kind: None, key: None, evidence: phrase!(said) });
        }
        let bar = |kind, key: Option<&AccessKeyId>, evidence| {
            Some(Bar { kind: Some(kind), key: key.cloned(), evidence })
        };
        let name = settings.secret_name_of(&self.view.user);
        if !fits_a_secret_name(&name) || !fits_a_tag(user) {
            let evidence = phrase!(format_args!(
                "the name {user:?} holds a character, such as a comma, that no secret's name and no tag may hold, so no secret is created. If the user may be renamed: `aws iam update-user --user-name '{user}' --new-user-name NAME`"
            ));
            return bar(FindingKind::NameUnusable, None, evidence);
        }
        if let Some(other) = self.view.claims.others.first() {
            let key = other.key.as_ref().map_or("a key of the user".into(), |key| phrase!(key));
            let secret = format_args!("AWSCURRENT of {} may hold ", other.arn);
            let evidence = phrase!(secret, &key, ", so no other secret is created");
            return bar(FindingKind::SecretConflict, None, evidence);
        }
        if self.view.name_taken {
            let evidence = phrase!(format_args!(
                "the user's secret would be called {name:?}, and there is one that is not the user's"
            ));
            return bar(FindingKind::NameTaken, None, evidence);
        }
        match active {
            [oldest, .., youngest] if self.policy.unknown_keys != UnknownKeys::DeleteOldest => {
                let evidence = phrase!(&oldest.id, " and ", &youngest.id, " are both active");
                bar(FindingKind::TwoActiveKeys, Some(&oldest.id), evidence)
            }
            _ => None,
        }
    }

    /// Says why there is no secret: as a finding, if somebody has to decide.
    fn decline(&mut self, bar: Bar) {
        self.refuse(bar.evidence.clone());
        if let Some(kind) = bar.kind {
            self.find(kind, bar.key.as_ref(), bar.evidence);
        }
    }

    /// An inactive key that is to be deleted once its recovery window is over.
    fn leftover(&self) -> Option<AccessKeyId> {
        let inactive = self.view.keys.iter().find(|key| key.status == KeyStatus::Inactive);
        inactive.filter(|_| deletes_unknown_keys(self.config, &self.policy)).map(|key| key.id.clone())
    }
}
