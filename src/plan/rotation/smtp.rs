//! Versions that hold SMTP credentials alone.
//!
//! Nothing in such a version can sign a request, so createSecret proves the key with STS before it stores the
//! value: stored means proved. What is left to check is that it was createSecret that stored it, and that the
//! key is still the user's and active.
//!
//! A label is no evidence: whoever puts a value can attach any. The intent is: createSecret writes it once it has
//! checked its authority, and it explains the key by the time of its creation.

use crate::error::{Error, Result};
use crate::model::{AccessKeyId, KeyStatus, Observation, Version};

/// Checks the version being made, which holds SMTP credentials of this key. `Some`: why to look again.
pub(super) fn check(seen: &Observation, key: &AccessKeyId) -> Result<Option<String>> {
    let labelled = seen.secret.version(&seen.token).is_some_and(Version::is_labelled);
    let listed = seen.keys.iter().find(|known| known.id == *key);
    let intent = seen.intent().filter(|intent| intent.token == seen.token);
    let explained = intent.is_some_and(|intent| listed.is_none_or(|key| intent.explains(key)));
    let stored = seen.stores_smtp && labelled && explained;
    // With RotateImmediately=false it is AWSCURRENT's value, which a person may have stored.
    let is_current = seen.current.is_some() && seen.current == seen.pending;
    if !stored && !is_current {
        return Err(Error::VersionNotStaged {
            secret: seen.secret.arn.clone(),
            token: seen.token.to_string(),
            problem: "holds SMTP credentials that createSecret has not stored, so nobody has proved them",
        });
    }
    let rejected = |problem: &str, remedy| {
        let (key, user) = (key.clone(), seen.user.clone());
        Err(Error::CredentialRejected { key, user, problem: problem.into(), remedy })
    };
    match listed.map(|known| known.status) {
        Some(KeyStatus::Active) => Ok(None),
        Some(KeyStatus::Inactive) => rejected(
            "is inactive",
            "Activate it, or cancel the rotation (`aws secretsmanager cancel-rotate-secret`) and start another.",
        ),
        None if labelled => Ok(Some(format!("ListAccessKeys does not show key {key} yet"))),
        None => rejected(
            "is the SMTP user name in the secret, and the user has no such key",
            "Store the SMTP credentials of one of the user's keys, or leave both fields empty to have the first rotation fill them.",
        ),
    }
}
