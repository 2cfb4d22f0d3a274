//! UpdateSecretVersionStage.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html>

use serde_json::Value;

use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::protocol::ApiError;
use crate::secretsmanager::{checks, identity, invalid_parameter, invalid_request, not_found};
use crate::world::secret::{CURRENT, PENDING, Secret};

pub(super) fn update_secret_version_stage(
    context: &mut Context<'_>,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    let label = input.required("VersionStage")?;
    checks::label(label)?;
    let from = input.text("RemoveFromVersionId")?;
    let to = input.text("MoveToVersionId")?;
    let keeps_pending = context.state.options.promotion_keeps_pending;
    let now = context.now;
    let secret = context.live_secret(input)?;
    check(secret, label, from, to)?;
    match to {
        Some(to) => {
            secret.attach(label, to, now);
            if label == CURRENT {
                promoted(secret, to, keeps_pending, now);
            }
        }
        None => secret.detach(label, now),
    }
    if label == PENDING {
        forget_unstaged(secret);
    }
    secret.changed = now;
    Ok(identity(secret))
}

/// "If the staging label is already attached to a different version of the secret, then you must
/// also specify the RemoveFromVersionId parameter."
fn check(secret: &Secret, label: &str, from: Option<&str>, to: Option<&str>) -> Result<(), ApiError> {
    if from.is_none() && to.is_none() {
        return Err(invalid_parameter("You must specify MoveToVersionId, RemoveFromVersionId or both."));
    }
    for id in [from, to].into_iter().flatten() {
        if secret.version(id).is_none() {
            return Err(not_found(format!("Secrets Manager can't find the specified secret version: {id}")));
        }
    }
    let holder = secret.holder_id(label);
    if let Some(from) = from
        && holder.as_deref() != Some(from)
    {
        return Err(invalid_parameter(format!(
            "The staging label {label} isn't currently attached to version {from}."
        )));
    }
    let Some(to) = to else {
        if label == CURRENT {
            return Err(invalid_parameter(
                "You can't remove the staging label AWSCURRENT from a version: move it to another \
                 one.",
            ));
        }
        return Ok(());
    };
    if let Some(holder) = holder
        && holder != to
        && from.is_none()
    {
        return Err(invalid_parameter(format!(
            "The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently \
             attached to version {holder}, so you must explicitly reference that version in \
             RemoveFromVersionId."
        )));
    }
    // Undocumented; refusing is the strict side.
    if label == CURRENT && secret.version(to).is_some_and(|version| version.value.is_none()) {
        return Err(invalid_request("You can't attach AWSCURRENT to a version without a value."));
    }
    checks::label_quota(secret, &[label.to_owned()])
}

/// What follows from AWSCURRENT having moved, beyond AWSPREVIOUS.
fn promoted(secret: &mut Secret, to: &str, keeps_pending: bool, now: std::time::SystemTime) {
    if !keeps_pending && secret.has_label(to, PENDING) {
        secret.detach(PENDING, now);
    }
    let by_hand = secret.ongoing.as_ref().is_some_and(|ongoing| ongoing.token == to && !ongoing.running);
    if by_hand {
        secret.ongoing = None;
    }
}

/// A failed rotation whose AWSPENDING was taken away is not re-attempted any more.
fn forget_unstaged(secret: &mut Secret) {
    let gone = secret
        .ongoing
        .as_ref()
        .is_some_and(|ongoing| !ongoing.running && !secret.has_label(&ongoing.token, PENDING));
    if gone {
        secret.ongoing = None;
    }
}
