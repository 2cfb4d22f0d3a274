//! DeleteSecret and RestoreSecret.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::epoch;
use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::protocol::ApiError;
use crate::secretsmanager::{identity, invalid_parameter};

const DEFAULT_WINDOW_DAYS: u64 = 30;

pub(super) fn delete_secret(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let force = input.flag("ForceDeleteWithoutRecovery")?.unwrap_or(false);
    let window = input.number("RecoveryWindowInDays")?;
    if force && window.is_some() {
        return Err(invalid_parameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ));
    }
    let days = window.unwrap_or(DEFAULT_WINDOW_DAYS);
    if !(7..=30).contains(&days) {
        return Err(invalid_parameter(
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        ));
    }
    let now = context.now;
    let secret = if force { context.any_secret(input)? } else { context.live_secret(input)? };
    let mut answer = identity(secret);
    if !secret.replicas.is_empty() {
        let regions: Vec<&str> = secret.replicas.iter().map(|replica| replica.region.as_str()).collect();
        return Err(invalid_parameter(format!(
            "You can't delete secret {} that still has replica regions [{}].",
            secret.arn,
            regions.join(", ")
        )));
    }
    if force {
        answer["DeletionDate"] = json!(epoch(now));
        let arn = secret.arn.clone();
        if let Some((account, region)) = crate::world::store::arn_home(&arn) {
            context.state.world.store(account, region).remove(&arn);
        }
    } else {
        let at = now + Duration::from_secs(days * 86_400);
        secret.deleted = Some(at);
        answer["DeletionDate"] = json!(epoch(at));
    }
    Ok(answer)
}

pub(super) fn restore_secret(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let secret = context.any_secret(input)?;
    secret.deleted = None;
    Ok(identity(secret))
}
