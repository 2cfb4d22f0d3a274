//! RotateSecret and CancelRotateSecret; the engine itself is in `rotation`.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html>

use serde_json::{Value, json};

use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::protocol::{ApiError, Service};
use crate::rotation::report::RotationEventKind;
use crate::rotation::schedule;
use crate::secretsmanager::{checks, identity, invalid_request};
use crate::simulator::State;
use crate::world::Effect;
use crate::world::secret::{CURRENT, Ongoing, PENDING};

pub(super) fn rotate_secret(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let token = checks::token(&mut context.state.world, input)?;
    let immediately = input.flag("RotateImmediately")?.unwrap_or(true);
    let rules = input.field("RotationRules");
    if let Some(rules) = rules {
        schedule::check(rules)?;
    }
    let function_arn = input.text("RotationLambdaARN")?;
    let secret = context.live_secret(input)?;
    let arn = secret.arn.clone();
    let name = secret.name.clone();
    let function = function_arn
        .map(str::to_owned)
        .or_else(|| secret.rotation.function_arn.clone())
        .ok_or_else(|| invalid_request("No Lambda rotation function ARN is associated with this secret."))?;
    if !context.state.functions.contains_key(&function) || !may_be_invoked_for(context, &arn, &function) {
        return Err(Service::SecretsManager.denied(
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function \
             policy grants access to the principal secretsmanager.amazonaws.com.",
        ));
    }
    let now = context.now;
    let secret = context.live_secret(input)?;
    secret.rotation.enabled = true;
    secret.rotation.function_arn = Some(function);
    if let Some(rules) = rules {
        secret.rotation.rules = Some(rules.clone());
    }
    let last = secret.rotated.unwrap_or(now);
    secret.rotation.next = schedule::next(secret.rotation.rules.as_ref(), last, now);
    begin(context.state, &arn, &token, immediately)?;
    Ok(json!({"ARN": arn, "Name": name, "VersionId": token}))
}

/// Whether Secrets Manager may invoke a function on behalf of the secret's account. Within one account
/// it is taken for granted here; another account is let in by a permission of the function
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html>).
fn may_be_invoked_for(context: &Context<'_>, secret: &str, function: &str) -> bool {
    let account = |arn: &str| arn.split(':').nth(4).unwrap_or_default().to_owned();
    let home = account(secret);
    home == account(function)
        || context.state.world.function_permissions.contains(&(function.to_owned(), home))
}

/// Stages a rotation and puts its run into the outbox.
///
/// # Errors
/// `InvalidRequestException` when the last rotation is not complete, which is then re-attempted
/// with its own token.
pub(crate) fn begin(state: &mut State, arn: &str, token: &str, immediately: bool) -> Result<(), ApiError> {
    let now = state.clock.now();
    let reattempts = state.options.incomplete_rotation_reattempted;
    let world = &mut state.world;
    let rotation_token = world.ids.rotation_token();
    let secret = world
        .secret(arn)
        .ok_or_else(|| invalid_request("Secrets Manager can't find the specified secret."))?;
    let running = secret.ongoing.as_ref().is_some_and(|ongoing| ongoing.running);
    if let Some(pending) = secret.incomplete_rotation() {
        if !running && (reattempts || pending == token) {
            let test_only = false;
            secret.ongoing = Some(Ongoing {
                token: pending.clone(),
                rotation_token: Some(rotation_token.clone()),
                running: true,
                test_only,
                stopped: false,
            });
            world.canaries.push(rotation_token);
            world.outbox.push(Effect::Rotate { arn: arn.to_owned(), token: pending.clone() });
        }
        if pending == token {
            return Ok(());
        }
        return Err(invalid_request(
            "A previous rotation isn't complete. That rotation will be reattempted.",
        ));
    }
    if running {
        return Err(invalid_request(
            "A previous rotation isn't complete. That rotation will be reattempted.",
        ));
    }
    if secret.has_label(token, CURRENT) {
        return Ok(());
    }
    if secret.version(token).is_some() {
        return Err(invalid_request(
            "The ClientRequestToken is already the id of another version of the secret.",
        ));
    }
    if secret.versions.len() >= checks::MOST_VERSIONS {
        return Err(checks::limit_exceeded("You have exceeded the number of versions of a secret."));
    }
    let existing = secret.holder(CURRENT).and_then(|version| version.value.clone());
    let value = if immediately { None } else { existing };
    secret.add_version(token, value, now);
    secret.attach(PENDING, token, now);
    secret.ongoing = Some(Ongoing {
        token: token.to_owned(),
        rotation_token: Some(rotation_token.clone()),
        running: true,
        test_only: !immediately,
        stopped: false,
    });
    world.canaries.push(rotation_token);
    let kind = if immediately { RotationEventKind::Started } else { RotationEventKind::TestStarted };
    world.note_event(arn, token, kind, now);
    world.outbox.push(Effect::Rotate { arn: arn.to_owned(), token: token.to_owned() });
    Ok(())
}

/// Turns rotation off. A rotation in progress stops after its present step, and leaves AWSPENDING
/// where it is
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CancelRotateSecret.html>).
pub(super) fn cancel_rotate_secret(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let secret = context.live_secret(input)?;
    if secret.rotation.function_arn.is_none() {
        return Err(invalid_request("You can't cancel rotation: it was never configured for this secret."));
    }
    secret.rotation.enabled = false;
    secret.rotation.next = None;
    let mut answer = identity(secret);
    if let Some(ongoing) = &mut secret.ongoing {
        ongoing.stopped = ongoing.running;
        answer["VersionId"] = json!(ongoing.token);
    }
    Ok(answer)
}
