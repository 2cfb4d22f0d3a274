//! finishSecret: promote, then retire what was superseded, then tell the user.
//!
//! All of it is planned from what is there, so a repeated finishSecret does what is still missing:
//! the token being AWSCURRENT already does not end it.

use super::{Action, Outcome, Plan, Stage, changes, smtp, stage};
use crate::error::{Error, Result};
use crate::model::names::{AWSPENDING, AWSPREVIOUS};
use crate::model::{
    AccessKey, AccessKeyId, KeyRole, KeyStatus, Observation, Policy, SecretDocument, UnknownKeys, Version,
};
use crate::plan::{Change, Planned, because, deletion, room};

/// Plans finishSecret. `mail`: whether users are mailed at all.
pub(crate) fn finish_secret(seen: &Observation, policy: &Policy, mail: bool) -> Plan {
    match decide(seen, policy, mail) {
        Ok(plan) => plan,
        Err(error) => error.into(),
    }
}

fn decide(seen: &Observation, policy: &Policy, mail: bool) -> Result<Plan> {
    let stage = stage(&seen.secret, &seen.token)?;
    let key = made_key(seen)?;
    let mut actions = Vec::new();
    let superseded = match stage {
        Stage::Pending => {
            let current = seen.secret.current();
            match seen.keys.iter().find(|known| known.id == *key).map(|known| known.status) {
                Some(KeyStatus::Active) => {}
                Some(KeyStatus::Inactive) => return Err(deactivated(seen, key)),
                None => {
                    let reason = format!("ListAccessKeys does not show the new key {key} yet");
                    return Ok(Plan::idle(Outcome::Wait(reason)));
                }
            }
            if seen.pending.as_ref().is_some_and(SecretDocument::is_smtp_only) {
                smtp::check(seen, key)?;
            } else if !seen.accepted {
                let action = Action::ProveKey { key: key.clone() };
                actions.push(because(action, "STS has not accepted it in every region"));
            }
            let action = Action::Promote {
                from: current.map(|version| version.id.clone()),
                to: seen.token.clone(),
                key: key.clone(),
            };
            actions.push(because(action, "it is active, and STS has accepted it"));
            current
        }
        Stage::Current => seen.secret.staged(AWSPREVIOUS),
    };
    let superseded = superseded.and_then(|version| version.key.as_ref()).filter(|old| *old != key);
    actions.extend(superseded.map(|old| retire_at_once(seen, policy, old)).unwrap_or_default());
    let is_listed = |old: &AccessKeyId| seen.keys.iter().any(|known| known.id == *old);
    let unnamed = match superseded {
        Some(old) if is_listed(old) => None,
        _ => unnamed_predecessor(seen, policy, key),
    };
    let careful = policy.of_a_key_in_no_version();
    actions.extend(unnamed.map(|old| retire_at_once(seen, &careful, old)).unwrap_or_default());
    let superseded = unnamed.or(superseded);
    actions.extend(changes(room::orphans(seen.keyring())));
    actions.extend(changes(room::stale_labels(seen.keyring())));
    let pending = seen.secret.version(&seen.token).is_some_and(|version| version.has(AWSPENDING));
    if pending {
        // Left there, it would stay behind on a version that is not current as soon as somebody puts a value
        // by hand, and RotateSecret refuses to begin then.
        let action = Change::RemovePending { version: seen.token.clone() };
        actions.push(because(action.into(), "the rotation is over"));
    }
    // The intent is open until the mail is out; without mails it is left for the next rotation to
    // overwrite, which saves a call. A read that lags may not show it before the promotion.
    let open = seen.secret.has_open_intent(&seen.token, seen.now);
    if mail && (open || stage == Stage::Pending) {
        let action = Action::TellUser { key: key.clone(), superseded: superseded.cloned() };
        actions.push(because(action, "once for each promotion"));
    }
    if actions.is_empty() {
        return Ok(Plan::idle(Outcome::AlreadyDone("this version is already AWSCURRENT".into())));
    }
    Ok(Plan::done(actions))
}

fn made_key(seen: &Observation) -> Result<&AccessKeyId> {
    seen.secret.version(&seen.token).and_then(|version: &Version| version.key.as_ref()).ok_or_else(|| {
        Error::VersionNotStaged {
            secret: seen.secret.arn.clone(),
            token: seen.token.to_string(),
            problem: "shows no key: createSecret has not stored one",
        }
    })
}

fn deactivated(seen: &Observation, key: &AccessKeyId) -> Error {
    Error::CredentialRejected {
        key: key.clone(),
        user: seen.user.clone(),
        problem: "was deactivated after it was made, so it was not promoted".into(),
        remedy: "Activate it and let the rotation go on, or cancel the rotation (`aws secretsmanager cancel-rotate-secret`) and start another.",
    }
}

/// The user's other key where the secret held no key of the user's before: under `delete-oldest` the
/// promoted key is meant to be the only one that works. A key that is younger was made by somebody since.
fn unnamed_predecessor<'s>(
    seen: &'s Observation,
    policy: &Policy,
    promoted: &AccessKeyId,
) -> Option<&'s AccessKeyId> {
    if policy.unknown_keys != UnknownKeys::DeleteOldest || !policy.overlap.is_zero() {
        return None;
    }
    let promoted = seen.keys.iter().find(|key| key.id == *promoted)?;
    // Only createSecret, which has checked its authority, writes an intent that explains the promoted key.
    seen.intent().filter(|intent| intent.token == seen.token && intent.explains(promoted))?;
    let older = |key: &&AccessKey| key.created < promoted.created && seen.role(key) == KeyRole::Unknown;
    seen.keys.iter().find(older).map(|key| &key.id)
}

/// With an overlap of zero the superseded key goes inactive here, and with no recovery window
/// either it is deleted here. Otherwise it stays, labelled, for its time to come. It stays as well
/// where another secret's consumers may use it, and where the user was exempted after createSecret.
fn retire_at_once(seen: &Observation, policy: &Policy, old: &AccessKeyId) -> Vec<Planned<Action>> {
    let at_once = policy.overlap.is_zero() && seen.claims.exempt.is_none();
    let Some(key) = seen.keys.iter().find(|key| key.id == *old).filter(|_| at_once) else {
        return Vec::new();
    };
    if let Some(other) = seen.claims.holder_elsewhere(key, seen.now) {
        let action = Action::ReportConflict { key: old.clone(), other: other.to_owned() };
        return vec![because(action, "superseded here, and the overlap is 0")];
    }
    let mut actions = Vec::new();
    if key.status == KeyStatus::Active {
        actions.push(because(
            Change::DeactivateKey { key: old.clone() }.into(),
            "superseded, and the overlap is 0",
        ));
    }
    if policy.recovery.is_zero() {
        let reason = "superseded, and overlap and recovery are 0";
        actions.extend(changes(deletion(Some(&seen.secret), old, reason)));
    }
    actions
}
