//! CreateSecret.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::protocol::ApiError;
use crate::secretsmanager::find::encryption_failure;
use crate::secretsmanager::{checks, identity, invalid_request, replicas, value::store_value};
use crate::world::World;
use crate::world::secret::{Secret, SecretValue};

pub(super) fn create_secret(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let name = input.required("Name")?;
    checks::name(name)?;
    let value = checks::value(input)?;
    let tags = input.tags("Tags")?.unwrap_or_default();
    checks::tags(&tags)?;
    let asked = replicas::asked(input, context.region)?;
    let token = checks::token(&mut context.state.world, input)?;
    let account = context.caller.account.clone();
    let key = input.text("KmsKeyId")?;
    if value.is_some() && key.is_some_and(|key| !context.can_use(key, &account, context.region)) {
        return Err(encryption_failure());
    }
    let world = &mut context.state.world;
    if let Some(existing) = world.store(&account, context.region).find(name) {
        return repeated(existing, &token, value.as_ref());
    }
    let arn = insert_secret(world, &account, context.region, name, tags, context.now);
    let description = input.text("Description")?.map(str::to_owned);
    let kms_key_id = input.text("KmsKeyId")?.map(str::to_owned);
    let secret =
        world.secret(&arn).ok_or_else(|| invalid_request("The secret vanished while it was made."))?;
    secret.description = description;
    secret.kms_key_id = kms_key_id;
    let mut answer = identity(secret);
    if let Some(value) = value {
        store_value(secret, &token, value, None, context.now)?;
        answer["VersionId"] = json!(token);
    }
    let begun = context.add_replicas(&arn, asked);
    let world = &context.state.world;
    if let Some(secret) = world.secret_ref(&arn).filter(|secret| !secret.replicas.is_empty()) {
        answer["ReplicationStatus"] = replicas::status(world, secret, &begun);
    }
    Ok(answer)
}

/// "If the ClientRequestToken value is already associated with a version of the secret and the
/// version has the same value, the request is ignored"; otherwise the name is taken.
fn repeated(existing: &Secret, token: &str, value: Option<&SecretValue>) -> Result<Value, ApiError> {
    if existing.deleted.is_some() {
        return Err(invalid_request(
            "You can't create this secret because a secret with this name is already scheduled for \
             deletion.",
        ));
    }
    let same =
        value.is_some() && existing.version(token).is_some_and(|version| version.value.as_ref() == value);
    if same {
        let mut answer = identity(existing);
        answer["VersionId"] = json!(token);
        return Ok(answer);
    }
    Err(ApiError::new(
        400,
        "ResourceExistsException",
        format!("The operation failed because the secret {} already exists.", existing.name),
    ))
}

/// Puts an empty secret into the world and answers with its ARN.
pub(crate) fn insert_secret(
    world: &mut World,
    account: &str,
    region: &str,
    name: &str,
    tags: Vec<(String, String)>,
    now: SystemTime,
) -> String {
    let suffix = world.ids.arn_suffix();
    let arn = format!("arn:aws:secretsmanager:{region}:{account}:secret:{name}-{suffix}");
    let mut secret = Secret::new(arn.clone(), name.to_owned(), now);
    secret.tags = tags;
    world.store(account, region).insert(secret);
    arn
}
