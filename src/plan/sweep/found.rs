//! What needs a person, whatever is planned.

use jiff::Timestamp;

use super::planner::{Planner, age_limit};
use crate::model::names::TAG_EMAIL;
use crate::model::{AccessKey, FindingKind, KeyRole, KeyStatus, Say, counted, mailbox, phrase};
use crate::plan::retire::after;

impl Planner<'_> {
    /// Nothing is done about a secret that is to be deleted: AWS refuses every change of it. Its key works
    /// on, and once the secret is gone nothing rotates it.
    pub(super) fn find_deleted(&mut self, at: Timestamp) {
        self.refuse(phrase!("the user's secret is scheduled for deletion on ", at));
        let secret = self.seen.secret.map_or("", |secret| secret.arn.as_str());
        let mut keys = phrase!(if self.view.keys.is_empty() { "none" } else { "" });
        for (nth, key) in self.view.keys.iter().enumerate() {
            if nth > 0 { ", " } else { "" }.say(&mut keys);
            key.id.say(&mut keys);
        }
        let evidence = phrase!(
            format_args!("secret {secret} of the user is scheduled for deletion on "),
            at,
            "; the user's keys are left as they are (",
            &keys,
            format_args!(
                "). If it is still needed: `aws secretsmanager restore-secret --secret-id {secret}`"
            )
        );
        self.find(FindingKind::SecretDeleted, None, evidence);
    }

    /// A tag that should hold the user's mail address and does not: mails go elsewhere.
    pub(super) fn find_unusable_address(&mut self) {
        let email = &self.config.shared.email;
        if email.from.is_none() {
            return;
        }
        let secret = self.view.secret.as_ref().and_then(|secret| secret.tags.get(TAG_EMAIL));
        let user = self.view.tags.get(&email.tag);
        let places =
            [("the secret's tag", TAG_EMAIL, secret), ("the IAM user's tag", email.tag.as_str(), user)];
        for (whose, tag, value) in places {
            if let Some(value) = value.filter(|value| mailbox(value).is_none()) {
                let evidence = format!("{whose} `{tag}` holds {value:?}, which is no mail address");
                self.find(FindingKind::UnusableAddress, None, evidence);
            }
        }
    }

    /// A tag binds a secret to the user, and nobody with authority enrolled it: a person decides.
    pub(super) fn find_not_enrolled(&mut self) {
        let user = &self.view.user.name;
        for name in self.view.not_enrolled.clone() {
            let evidence = format!(
                "secret {name:?} is tagged with the user and is not enrolled. If it is meant: `iam-key-rotator enroll {user} --secret {name}`"
            );
            self.find(FindingKind::NotEnrolled, None, evidence);
        }
    }

    /// Finds active keys that are older than they should ever be.
    pub(super) fn find_old(&mut self, kind: FindingKind) {
        let limit = age_limit(self.config);
        let now = self.seen.now;
        let old: Vec<AccessKey> = self
            .seen
            .keys
            .iter()
            .filter(|key| key.status == KeyStatus::Active && after(key.created, limit) < now)
            // Without a maximum age, only the key in use can be overdue: others have had their turn.
            .filter(|key| {
                self.config.max_age.is_some()
                    || !matches!(self.seen.role(key), KeyRole::Previous | KeyRole::Abandoned)
            })
            .cloned()
            .collect();
        for key in old {
            let days = now.duration_since(key.created).as_hours() / 24;
            let evidence = phrase!("active since ", key.created, ", ", &counted(days, "day"));
            self.find(kind, Some(&key.id), evidence);
        }
    }
}
