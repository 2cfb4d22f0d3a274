//! What it takes to enroll a user: with a secret that is made, or with one that the operator names.
//!
//! An existing secret is used only when it is named: a name or a tag is anybody's to give.

mod adopt;
mod own;
mod readers;
mod step;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{bind_user_by_labels, exemption};
use crate::config::SweepConfig;
use crate::model::names::TAG_SECRET;
use crate::model::{AccessKey, SecretState, UserRef, fits_a_secret_name, fits_a_tag};

pub(crate) use step::{Start, Step};

/// What was seen of a user who is to be enrolled.
#[derive(Clone, Debug)]
pub(crate) struct EnrollView {
    pub(crate) user: UserRef,
    /// The user's keys; `None`: there is no such user.
    pub(crate) keys: Option<Vec<AccessKey>>,
    /// The user's tags.
    pub(crate) tags: BTreeMap<String, String>,
    /// Whether the user is in the exempt group.
    pub(crate) in_exempt_group: bool,
    /// The user's secrets that somebody with authority enrolled.
    pub(crate) enrolled: Vec<SecretState>,
    /// Secrets whose tag names the user, and that nobody enrolled.
    pub(crate) tagged: Vec<SecretState>,
    /// The secret that the operator names, or the one with the name that the user's would get.
    pub(crate) existing: Option<Existing>,
}

/// A secret that is there already.
#[derive(Clone, Debug)]
pub(crate) struct Existing {
    pub(crate) secret: SecretState,
    /// Whether an enrollment that broke off has made it.
    pub(crate) is_own_creation: bool,
    /// Its resource policy, if it has one; `None`: it was not read.
    pub(crate) policy: Option<Option<String>>,
    /// When it was created, where that was read.
    pub(crate) created: Option<Timestamp>,
}

/// One user's enrollment.
#[derive(Debug)]
pub(crate) struct Enrollment {
    pub(crate) user: UserRef,
    /// The secret, if there is one already.
    pub(crate) arn: Option<String>,
    /// What is done, in order.
    pub(crate) steps: Vec<Step>,
    /// Why nothing is done.
    pub(crate) refused: Option<String>,
    /// What is worth knowing before the confirmation.
    pub(crate) notes: Vec<String>,
    /// Whether nothing is done because a call failed.
    pub(crate) failed: bool,
}

/// What the plans of all users share.
#[derive(Clone, Copy)]
pub(crate) struct Enroller<'a> {
    pub(crate) config: &'a SweepConfig,
    /// The function that enrolled secrets rotate with.
    pub(crate) function: &'a str,
    /// Whether enrolled secrets rotate at once.
    pub(crate) now: bool,
    /// The command that adopts an existing secret, of a user and a secret's name.
    pub(crate) command: &'a dyn Fn(&str, &str) -> String,
}

impl Enroller<'_> {
    /// Plans for one user. `named`: the existing secret that the operator asks for.
    pub(crate) fn plan(&self, view: &EnrollView, named: Option<&str>) -> Enrollment {
        let enrollment = Enrollment::of(view.user.clone());
        if let Some(why) = self.unusable(&view.user) {
            return enrollment.refuse(why);
        }
        if view.keys.is_none() {
            return enrollment.refuse("there is no such IAM user");
        }
        match (self.exempt(view), named) {
            (Some(why), _) => enrollment.refuse(why),
            (None, Some(named)) => self.adopt(enrollment, view, named),
            (None, None) => self.own(enrollment, view),
        }
    }

    /// Why a user of this name can have no secret: its name, or what the secret would be tagged with, holds a
    /// character that AWS takes in neither, such as a comma.
    pub(crate) fn unusable(&self, user: &UserRef) -> Option<String> {
        let name = user.name.as_str();
        if fits_a_secret_name(&self.config.shared.secret_name_of(user)) && fits_a_tag(name) {
            return None;
        }
        Some(format!(
            "the name {name:?} holds a character, such as a comma, that no secret's name and no tag may hold. Rename the user (`aws \
             iam update-user --user-name '{name}' --new-user-name NAME`), or exempt it"
        ))
    }

    pub(crate) fn exempt(&self, view: &EnrollView) -> Option<String> {
        let exempt = &self.config.shared.exempt;
        let reason = exemption(exempt, &view.user.name, view.in_exempt_group, &view.tags)?;
        Some(format!("the user is exempt: {reason}"))
    }

    /// Whether somebody with authority enrolled it: only who may rotate it and may invoke our function
    /// can have set that, and only who may change the sweep's settings can list it.
    pub(crate) fn is_enrolled(&self, secret: &SecretState) -> bool {
        self.config.is_enrolled(secret) || self.config.lists(secret)
    }

    /// The user that the secret's tag or name points to.
    fn binding(&self, secret: &SecretState) -> Option<UserRef> {
        bind_user_by_labels(secret, &self.config.shared.secret_name, |_| true)
    }

    /// Whether the secret's tag or name points to this user.
    pub(crate) fn is_bound(&self, user: &UserRef, secret: &SecretState) -> bool {
        self.binding(secret).is_some_and(|bound| user.is_same(&bound))
    }

    /// The user's tag, unless it is right already.
    fn bind_user(&self, enrollment: &mut Enrollment, view: &EnrollView, secret: &str) {
        if !view.tags.contains_key(TAG_SECRET) {
            enrollment.steps.push(Step::TagUser { secret: secret.to_owned() });
        }
    }

    /// Why the user cannot get this secret: its own tag names another one, and setting that takes rights on the user.
    fn other_secret(&self, view: &EnrollView, secret: &SecretState) -> Option<String> {
        let tagged = view.tags.get(TAG_SECRET);
        let other = tagged.filter(|tagged| **tagged != secret.name && **tagged != secret.arn)?;
        Some(format!(
            "the user's tag {TAG_SECRET} names another secret, {other:?}. If the tag is out of date, remove it: \
             `aws iam untag-user --user-name {} --tag-keys {TAG_SECRET}`",
            view.user.name
        ))
    }

    /// An enrolled secret keeps rotating; one whose rotation is turned off is turned on again.
    fn already(&self, enrollment: &mut Enrollment, secret: &SecretState) {
        enrollment.arn = Some(secret.arn.clone());
        if !secret.rotation_enabled {
            enrollment
                .notes
                .push(format!("secret {:?} is enrolled, and its rotation is turned off", secret.name));
            enrollment.steps.push(Step::Rotate(self.start(Some(secret))));
        }
    }

    /// How a secret's rotation begins; `None`: a secret that is to be made. It keeps the schedule that it has.
    fn start(&self, secret: Option<&SecretState>) -> Start {
        let scheduled = secret.is_some_and(|secret| secret.rotation_scheduled);
        let setup = self.config.rotation_setup().filter(|_| !scheduled);
        let function = secret.and_then(|secret| secret.rotation_function.clone());
        Start {
            function: Some(self.function.to_owned()),
            replaces: function.filter(|function| function != self.function),
            every_days: setup.map(|setup| setup.every_days),
            now: self.now,
        }
    }
}

impl Enrollment {
    /// An enrollment that is not planned, because a call failed.
    pub(crate) fn failed(user: UserRef, why: String) -> Self {
        Self { failed: true, ..Self::of(user).refuse(why) }
    }

    fn of(user: UserRef) -> Self {
        Self { user, arn: None, steps: Vec::new(), refused: None, notes: Vec::new(), failed: false }
    }

    fn refuse(mut self, why: impl Into<String>) -> Self {
        self.refused = Some(why.into());
        self
    }

    /// Whether anything is to be done for the user.
    pub(crate) fn changes(&self) -> bool {
        self.refused.is_none() && !self.steps.is_empty()
    }

    /// Whether nothing can be done for the user.
    pub(crate) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }
}

#[cfg(test)]
mod scene_tests;
