//! May this secret get this user's keys?
//!
//! A binding needs authority from both sides and never changes by content: the secret must be in the
//! function's or the user's account, the user must not forbid it, and the keys that the secret held
//! must have been this user's. What nobody but the secret's own writers can vouch for is no evidence.

use super::ownership::user_in_name;
use crate::error::{Error, Result};
use crate::model::names::TAG_USER;
use crate::model::{AccessKeyId, Observation, SecretState, UserRef, Version};

const NOT_ITS_ACCOUNT: &str =
    "Store the user's keys in a secret of its own account, or of the rotation function's.";
const NOT_ITS_SECRET: &str = "If this secret is meant, correct the tag on the user: `aws iam tag-user`. If not, turn this secret's rotation off: `aws secretsmanager cancel-rotate-secret`.";
const NOT_ITS_KEY: &str = "If the secret changed hands, create a new one for the new user: `iam-key-rotator enroll`. If not, correct its tag `iam-key-rotator:user` or its value, and check who wrote them (CloudTrail: PutSecretValue, TagResource).";

/// Refuses a secret of a third account: whoever administers that account could tag it with any user.
pub fn check_account(secret: &SecretState, user: &UserRef, function_account: Option<&str>) -> Result<()> {
    let (_, _, account) = secret.home();
    if function_account == Some(account) || user.account == account {
        return Ok(());
    }
    let problem =
        format!("it is stored in account {account}, which is neither the user's nor the function's");
    Err(mismatch(secret, user, problem, NOT_ITS_ACCOUNT))
}

/// What createSecret checks before it plans a key.
pub(super) fn check(seen: &Observation, name_template: &str) -> Result<()> {
    check_exemption(seen)?;
    check_user_tag(seen)?;
    check_history(seen, name_template)
}

/// An exempt user gets no key, whoever asks for it.
fn check_exemption(seen: &Observation) -> Result<()> {
    match &seen.claims.exempt {
        None => Ok(()),
        Some(reason) => Err(Error::UserExempt {
            secret: seen.secret.arn.clone(),
            user: seen.user.clone(),
            reason: reason.clone(),
        }),
    }
}

/// A user's tag names the one secret that may get its keys.
fn check_user_tag(seen: &Observation) -> Result<()> {
    match &seen.claims.user_tag {
        Some(tag) if *tag != seen.secret.arn && *tag != seen.secret.name => {
            let problem = format!("the user's tag `iam-key-rotator:secret` names {tag:?}");
            Err(mismatch(&seen.secret, &seen.user, problem, NOT_ITS_SECRET))
        }
        _ => Ok(()),
    }
}

/// Refuses a secret that held another user's key, or whose keys are all gone with nothing to confirm
/// whose they were. A value or a tag can be changed by whoever may write them; labels and versions that
/// a rotation left cannot be made to vouch for another user.
fn check_history(seen: &Observation, name_template: &str) -> Result<()> {
    for (key, owner) in &seen.claims.owners {
        let Some(owner) = owner else { continue };
        if seen.user.is(owner) {
            return Err(Error::PlanChanged {
                problem: format!("ListAccessKeys does not show key {key}, which is the user's"),
            });
        }
        let problem = format!("the secret holds key {key} of {owner:?}");
        return Err(mismatch(&seen.secret, &seen.user, problem, NOT_ITS_KEY));
    }
    let held = seen.secret.named_keys();
    let known = held.iter().any(|key| seen.keys.iter().any(|known| known.id == *key));
    if held.is_empty() || known || is_confirmed(seen, name_template) {
        return Ok(());
    }
    let ids: Vec<String> = held.iter().map(ToString::to_string).collect();
    let problem =
        format!("the keys it held ({}) are gone, and nothing else confirms the user", ids.join(", "));
    Err(mismatch(&seen.secret, &seen.user, problem, NOT_ITS_KEY))
}

/// Whether the user is confirmed although every key that the secret held is gone.
///
/// Before the first rotation the tag or the value is believed, unless the values that held the keys name
/// somebody else. After it something must name the user that a writer of values and tags cannot change:
/// the secret's name, the user's own tag, or the versions that rotations have labelled.
fn is_confirmed(seen: &Observation, name_template: &str) -> bool {
    let (secret, user) = (&seen.secret, &seen.user);
    let is_user = |text: &String| {
        UserRef::parse(text, &user.partition, &user.account)
            .is_ok_and(|other| other.account == user.account && other.name.eq_ignore_ascii_case(&user.name))
    };
    let written = &seen.claims.written;
    if !written.iter().all(is_user) {
        return false;
    }
    let (_, _, home) = secret.home();
    let named = user_in_name(&secret.name, name_template, home)
        .is_some_and(|(account, name)| account == user.account && name.eq_ignore_ascii_case(&user.name));
    let first = !secret.versions.iter().any(Version::is_labelled);
    first || named || seen.claims.user_tag.is_some() || !written.is_empty()
}

/// The other secrets that a tag binds to a user: the key that each one's AWSCURRENT holds as its label
/// tells, and its ARN.
pub fn others_of(user: &UserRef, own: &str, listed: &[SecretState]) -> Vec<(Option<AccessKeyId>, String)> {
    let is_users = |secret: &&SecretState| {
        let (partition, _, account) = secret.home();
        let tagged = secret.tags.get(TAG_USER).and_then(|tag| UserRef::parse(tag, partition, account).ok());
        tagged.is_some_and(|tagged| user.is(&tagged.arn()))
    };
    let others = listed.iter().filter(|secret| secret.arn != own).filter(is_users);
    let held = others.filter_map(|secret| Some((secret.current()?.key.clone(), secret.arn.clone())));
    held.collect()
}

fn mismatch(secret: &SecretState, user: &UserRef, problem: String, remedy: &'static str) -> Error {
    Error::UserMismatch { secret: secret.arn.clone(), user: user.clone(), problem, remedy }
}
