//! The secret that a user is enrolled with when none is named.

use super::{EnrollView, Enroller, Enrollment, Existing, Step};
use crate::model::names::TAG_SECRET;
use crate::model::{AccessKey, KeyStatus, SecretState, UnknownKeys, UserRef};

impl Enroller<'_> {
    /// The user's enrolled secret, one that an enrollment left half made, or a new one. One that exists and is not
    /// enrolled is never used.
    pub(super) fn own(&self, mut enrollment: Enrollment, view: &EnrollView) -> Enrollment {
        match view.enrolled.as_slice() {
            [] => {}
            [only] => return self.keep(enrollment, view, only),
            several => {
                let arns: Vec<&str> = several.iter().map(|secret| secret.arn.as_str()).collect();
                let arns = arns.join(", ");
                return enrollment.refuse(format!("more than one enrolled secret is the user's: {arns}"));
            }
        }
        if let Some(tagged) = view.tagged.first() {
            let why = self.exists(&view.user, tagged, "is tagged with the user and is not enrolled");
            return enrollment.refuse(why);
        }
        let Some(Existing { secret, is_own_creation, .. }) = &view.existing else {
            return self.create(enrollment, view);
        };
        if let Some(at) = secret.deleted {
            return enrollment.refuse(format!(
                "secret {:?} is scheduled for deletion on {at}. If it is still needed, restore it: `aws secretsmanager \
                 restore-secret --secret-id {}`",
                secret.name, secret.arn
            ));
        }
        if self.is_enrolled(secret) && self.is_bound(&view.user, secret) {
            return self.keep(enrollment, view, secret);
        }
        if !is_own_creation {
            return enrollment.refuse(self.exists(&view.user, secret, "exists already"));
        }
        enrollment
            .notes
            .push(format!("secret {:?} was created by an enrollment that broke off", secret.name));
        self.finish(enrollment, view, secret)
    }

    fn keep(&self, mut enrollment: Enrollment, view: &EnrollView, secret: &SecretState) -> Enrollment {
        enrollment.refused = self.other_secret(view, secret);
        self.already(&mut enrollment, secret);
        enrollment
    }

    /// Makes a secret. Which of two active keys is in use cannot be told, and a third cannot be made.
    fn create(&self, mut enrollment: Enrollment, view: &EnrollView) -> Enrollment {
        let name = self.config.shared.secret_name_of(&view.user);
        if let Some(other) = view.tags.get(TAG_SECRET).filter(|tagged| **tagged != name) {
            let why = format!(
                "the user's tag {TAG_SECRET} names another secret, {other:?}. If that one is meant: `{}`",
                (self.command)(&view.user.name, other)
            );
            return enrollment.refuse(why);
        }
        let keys = view.keys.iter().flatten();
        let mut active: Vec<&AccessKey> = keys.filter(|key| key.status == KeyStatus::Active).collect();
        active.sort_by_key(|key| key.created);
        let Some(youngest) = active.last() else {
            return enrollment.refuse("the user has no active key, so no consumer waits for one");
        };
        if active.len() > 1 && self.config.shared.policy.unknown_keys != UnknownKeys::DeleteOldest {
            let ids: Vec<String> = active.iter().map(|key| key.id.to_string()).collect();
            let ids = ids.join(" and ");
            return enrollment
                .refuse(format!("{ids} are both active: deactivate the one that is not in use"));
        }
        enrollment.steps.push(Step::Create { name: name.clone(), adopts: youngest.id.clone() });
        self.bind_user(&mut enrollment, view, &name);
        enrollment.steps.push(Step::Rotate(self.start(None)));
        enrollment
    }

    /// Finishes what an enrollment that broke off has created. CreateSecret is repeated with the same
    /// token, which makes nothing new, unless the label shows that only the rotation is missing.
    fn finish(&self, mut enrollment: Enrollment, view: &EnrollView, secret: &SecretState) -> Enrollment {
        if secret.current().is_none_or(|version| version.key.is_none()) {
            return self.create(enrollment, view);
        }
        enrollment.arn = Some(secret.arn.clone());
        enrollment.refused = self.other_secret(view, secret);
        self.bind_user(&mut enrollment, view, &secret.name);
        enrollment.steps.push(Step::Rotate(self.start(Some(secret))));
        enrollment
    }

    fn exists(&self, user: &UserRef, secret: &SecretState, how: &str) -> String {
        format!(
            "secret {:?} {how}. An existing secret is used only when it is named: check who made it and who can \
             read it, then `{}`",
            secret.name,
            (self.command)(&user.name, &secret.name)
        )
    }
}
