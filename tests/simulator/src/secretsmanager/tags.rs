//! TagResource and UntagResource.

use serde_json::{Value, json};

use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::protocol::ApiError;
use crate::secretsmanager::{checks, invalid_parameter};

pub(super) fn tag_resource(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let tags =
        input.tags("Tags")?.ok_or_else(|| invalid_parameter("The parameter Tags must not be empty."))?;
    let secret = context.live_secret(input)?;
    let mut after = secret.tags.clone();
    for (key, value) in tags {
        match after.iter_mut().find(|(existing, _)| *existing == key) {
            Some((_, existing)) => *existing = value,
            None => after.push((key, value)),
        }
    }
    checks::tags(&after)?;
    secret.tags = after;
    Ok(json!({}))
}

pub(super) fn untag_resource(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let keys = input
        .texts("TagKeys")?
        .ok_or_else(|| invalid_parameter("The parameter TagKeys must not be empty."))?;
    let secret = context.live_secret(input)?;
    secret.tags.retain(|(key, _)| !keys.contains(key));
    Ok(json!({}))
}
