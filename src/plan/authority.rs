//! May this secret get this user's keys?
//!
//! A binding needs authority from both sides and never changes by content: the secret must be in the
//! function's or the user's account, the user must not forbid it, and the keys that the secret held
//! must have been this user's. What nobody but the secret's own writers can vouch for is no evidence.

use super::ownership::user_in_name;
use crate::error::{Error, Result};
use crate::model::names::{AWSPREVIOUS, TAG_USER};
use crate::model::{Observation, OtherSecret, SecretState, UserRef};

const NOT_ITS_ACCOUNT: &str =
    "Store the user's keys in a secret of its own account, or of the rotation function's.";
const NOT_ITS_SECRET: &str = "If this secret is meant, correct the tag on the user: `aws iam tag-user`. If not, turn this secret's rotation off: `aws secretsmanager cancel-rotate-secret`.";
const NOT_ITS_KEY: &str = "If the secret changed hands, create a new one for the new user: `iam-key-rotator enroll`. If not, correct its tag `iam-key-rotator:user` or its value, and check who wrote them (CloudTrail: PutSecretValue, TagResource).";

/// Refuses a secret of a third account: whoever administers that account could tag it with any user.
pub(crate) fn check_account(
    secret: &SecretState,
    user: &UserRef,
    function_account: Option<&str>,
) -> Result<()> {
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

/// Refuses a secret that held another user's key, or of which nothing confirms that it is this user's.
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
    if is_confirmed(seen, name_template) {
        return Ok(());
    }
    let ids: Vec<String> = seen.secret.named_keys().iter().map(ToString::to_string).collect();
    let held = match ids.as_slice() {
        [] => "it holds no key that would show it".to_owned(),
        _ => format!("the keys it held ({}) do not show that it is this user's", ids.join(", ")),
    };
    let problem = format!("{held}, and nothing else confirms the user");
    Err(mismatch(&seen.secret, &seen.user, problem, NOT_ITS_KEY))
}

/// Whether anything confirms the user that somebody with one permission on the secret could not forge.
///
/// Who may only write to the secret cannot change its name or the user's own tag. A binding by the value alone
/// is confirmed by the key in AWSCURRENT, if STS accepts it: whoever puts values knows the ids of keys, and not
/// their secrets. A binding by the tag is confirmed by a labelled key of the user, or by what the labelled
/// versions' values say. Where no version is labelled the tag is believed, unless the values that held keys name
/// another user.
fn is_confirmed(seen: &Observation, name_template: &str) -> bool {
    let (secret, claims) = (&seen.secret, &seen.claims);
    let written_agree = claims.written.iter().all(|text| is_user(seen, text));
    if is_anchored(seen, name_template) {
        return true;
    }
    if !secret.tags.contains_key(TAG_USER) {
        return claims.proved || is_fresh(secret);
    }
    let labelled = secret.labelled_keys();
    if !labelled.is_empty() {
        let theirs = labelled.iter().any(|key| seen.keys.iter().any(|known| known.id == *key));
        return theirs || (!claims.written.is_empty() && written_agree);
    }
    written_agree
}

/// Whether the secret still has the one value that it was made with, and waits for its first key: nobody can have
/// put another value in the place of one that held a key.
fn is_fresh(secret: &SecretState) -> bool {
    let first = secret.last_rotated.is_none() && secret.staged(AWSPREVIOUS).is_none();
    first && secret.named_keys().is_empty()
}

/// Whether the secret's name or the user's own tag binds the two.
pub(crate) fn is_anchored(seen: &Observation, name_template: &str) -> bool {
    let (_, _, home) = seen.secret.home();
    let named = user_in_name(&seen.secret.name, name_template, home)
        .is_some_and(|(account, name)| account == seen.user.account && seen.user.name == *name);
    named || seen.claims.user_tag.is_some()
}

/// Whether a value names the user. A bare name is one of the secret's own account: users of other accounts
/// may have the same name.
fn is_user(seen: &Observation, text: &str) -> bool {
    let (partition, _, home) = seen.secret.home();
    UserRef::parse(text, partition, home).is_ok_and(|other| seen.user.is(&other.arn()))
}

/// The other secrets that a tag binds to a user.
pub(crate) fn others_of(user: &UserRef, own: &SecretState, listed: &[SecretState]) -> Vec<OtherSecret> {
    let is_users = |secret: &&SecretState| {
        let (partition, _, account) = secret.home();
        let tagged = secret.tags.get(TAG_USER).and_then(|tag| UserRef::parse(tag, partition, account).ok());
        tagged.is_some_and(|tagged| user.is(&tagged.arn()))
    };
    let others = listed.iter().filter(|secret| secret.arn != own.arn).filter(is_users);
    let held = others.filter_map(|secret| {
        let enrolled =
            secret.rotation_function.is_some() && secret.rotation_function == own.rotation_function;
        Some(OtherSecret { arn: secret.arn.clone(), key: secret.current()?.key.clone(), enrolled })
    });
    held.collect()
}

fn mismatch(secret: &SecretState, user: &UserRef, problem: String, remedy: &'static str) -> Error {
    Error::UserMismatch { secret: secret.arn.clone(), user: user.clone(), problem, remedy }
}
