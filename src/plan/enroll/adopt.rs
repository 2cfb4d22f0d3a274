//! An existing secret, named by the operator, becomes a user's.

use super::readers::readers;
use super::{EnrollView, Enroller, Enrollment, Existing, Start, Step};
use crate::model::names::TAG_USER;
use crate::model::{SecretState, UserRef, account_of};

impl Enroller<'_> {
    /// Plans the adoption of the secret that is named. It keeps its value's shape, its policy and its
    /// schedule.
    pub(super) fn adopt(&self, mut enrollment: Enrollment, view: &EnrollView, named: &str) -> Enrollment {
        let Some(existing) = &view.existing else {
            return enrollment.refuse(format!("there is no secret {named:?}"));
        };
        let secret = &existing.secret;
        enrollment.arn = Some(secret.arn.clone());
        if let Some(why) = self.obstacle(view, secret) {
            return enrollment.refuse(why);
        }
        if !self.is_new(view, secret) {
            self.already(&mut enrollment, secret);
            return enrollment;
        }
        enrollment.notes = self.introduction(existing);
        if !secret.tags.contains_key(TAG_USER) {
            enrollment.steps.push(Step::Tag);
        }
        // A policy that was not read may be somebody's own: setting ours would replace it.
        if existing.policy == Some(None) {
            enrollment.steps.push(Step::Policy);
        }
        self.bind_user(&mut enrollment, view, &secret.name);
        let rotates = self.is_enrolled(secret) && secret.rotation_enabled;
        let start = match rotates {
            true => Start { function: None, replaces: None, every_days: None, now: true },
            false => self.start(Some(secret)),
        };
        if !rotates || self.now {
            enrollment.steps.push(Step::Rotate(start));
        }
        enrollment
    }

    /// Whether the secret would become the user's by this, so that its policy and its age matter.
    pub(crate) fn is_adoptable(&self, view: &EnrollView, secret: &SecretState) -> bool {
        self.obstacle(view, secret).is_none() && self.is_new(view, secret)
    }

    fn is_new(&self, view: &EnrollView, secret: &SecretState) -> bool {
        !self.is_bound(&view.user, secret) || !self.is_enrolled(secret)
    }

    /// Why the secret cannot become the user's.
    fn obstacle(&self, view: &EnrollView, secret: &SecretState) -> Option<String> {
        let user = &view.user;
        let (partition, _, home) = secret.home();
        let function_account = account_of(self.function);
        if home != user.account && home != function_account {
            return Some(format!(
                "secret {} is in account {home}: it must be in the user's account ({}) or the rotation \
                 function's ({function_account})",
                secret.arn, user.account
            ));
        }
        if let Some(at) = secret.deleted {
            return Some(format!("secret {} is scheduled for deletion ({at})", secret.arn));
        }
        let is_users =
            |tag: &String| UserRef::parse(tag, partition, home).is_ok_and(|named| user.is_same(&named));
        if let Some(other) = secret.tags.get(TAG_USER).filter(|tag| !is_users(tag)) {
            return Some(format!("secret {} is tagged as another user's: {other:?}", secret.arn));
        }
        if let Some(why) = self.other_secret(view, secret) {
            return Some(why);
        }
        if let Some(rival) = view.enrolled.iter().find(|rival| rival.arn != secret.arn) {
            return Some(format!("the user is enrolled with another secret: {}", rival.arn));
        }
        let unfinished = secret.pending().unfinished().filter(|_| !self.is_enrolled(secret));
        unfinished.map(|version| {
            format!(
                "a rotation of secret {} has begun and not ended (AWSPENDING is on version {}): finish or remove \
                 it first",
                secret.name, version.id
            )
        })
    }

    /// What the operator must know before confirming: the secret's creator may be able to read the user's keys.
    fn introduction(&self, existing: &Existing) -> Vec<String> {
        let secret = &existing.secret;
        let created = existing.created.map_or_else(|| "at an unknown time".to_owned(), |at| at.to_string());
        let function = secret.rotation_function.as_deref().unwrap_or("no function");
        let place = if secret.tags.contains_key(TAG_USER) { "tag" } else { "name" };
        let points = match self.binding(secret) {
            Some(user) => format!("its {place} points to user {}", user.name),
            None => "neither its tag nor its name points to a user".to_owned(),
        };
        let (_, _, home) = secret.home();
        let mut who = readers(existing.policy.as_ref().and_then(Option::as_deref));
        who.push(format!("identities that policies of account {home} allow to read it"));
        vec![
            format!("secret {:?} exists: created {created}, rotates with {function}; {points}", secret.name),
            format!("who can read it: {}", who.join("; ")),
            "its value keeps its shape; the first rotation labels which key it holds".into(),
        ]
    }
}
