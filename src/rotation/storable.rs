//! Whether Secrets Manager would store a new key, found out before there is one.
//!
//! A key that cannot be stored is deleted again. If that were found out by making one, each attempt of a
//! rotation would create a key and delete it. So a refusal is remembered on the secret, and the next
//! attempt first repeats what was refused with a value that is stored already.

use jiff::{SignedDuration, Timestamp};

use crate::aws::{Aws, StoredValue};
use crate::error::CallError;
use crate::error::{Error, Result};
use crate::event::RotationEvent;
use crate::model::names::{AWSCURRENT, TAG_REFUSED};
use crate::model::{AccessKeyId, Credential, Observation, Refusal, SecretState, Sensitive, minute};

const ACTION: &str = "secretsmanager:PutSecretValue";
/// How the tag's value begins where it remembers that a value was not stored; AWS's code follows.
const PUT: &str = "PutSecretValue:";
/// Staging labels and bytes that a secret may have
/// ([quotas](https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html)).
const MOST_LABELS: usize = 20;
const MOST_BYTES: usize = 65_536;
/// Where nothing is stored that could be put once more, a refusal stands for so long.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);
/// The length of a key's id and of its secret.
const ID_CHARS: usize = 20;
const SECRET_CHARS: usize = 40;

/// A key that does not exist, of the size of one that does.
pub(crate) fn placeholder() -> Credential {
    let key_id = AccessKeyId::new("A".repeat(ID_CHARS));
    Credential { key_id, secret: Sensitive::new("x".repeat(SECRET_CHARS)) }
}

/// Refuses what could not be stored. `value`: what would be, with the [`placeholder`] in it.
///
/// It makes no call, unless an earlier attempt was refused or the secret has all labels it may have.
pub(crate) async fn check(
    aws: &Aws,
    event: &RotationEvent,
    seen: &Observation,
    value: &Sensitive,
) -> Result<()> {
    let arn = &seen.secret.arn;
    let refused = |code: &str, why: &str, after: String| {
        Err(Error::from(CallError::foreseen(ACTION, arn, code, why)).after(after))
    };
    // Labels that the plan has taken off meanwhile are still among those seen.
    if labels(&seen.secret) >= MOST_LABELS && labels(&aws.secrets.describe(arn).await?) >= MOST_LABELS {
        let why = format!("the secret has all {MOST_LABELS} staging labels that it may have");
        return refused("LimitExceededException", &why, NO_KEY.into());
    }
    let bytes = value.expose().len();
    if bytes > MOST_BYTES {
        let why = format!("the value would have {bytes} bytes, and {MOST_BYTES} is the most");
        return refused("ValidationException", &why, NO_KEY.into());
    }
    let Some((code, at)) = remembered(seen) else { return Ok(()) };
    if again(aws, event, seen).await? {
        return Ok(());
    }
    let next = at.saturating_add(PATIENCE).unwrap_or(Timestamp::MAX);
    if seen.now >= next {
        return Ok(());
    }
    let after = format!(
        " on {}, so no key was created; the next attempt after {} makes one (at once: `aws secretsmanager untag-resource --secret-id {arn} --tag-keys {TAG_REFUSED}`)",
        minute(at),
        minute(next)
    );
    refused(&code, "the value of an earlier attempt was not stored", after)
}

const NO_KEY: &str = ", so no key was created";

fn labels(secret: &SecretState) -> usize {
    secret.versions.iter().map(|version| version.stages.len()).sum()
}

/// What an earlier attempt to store a key ended in, and when.
fn remembered(seen: &Observation) -> Option<(String, Timestamp)> {
    let refusal = Refusal::from_tag(seen.secret.tags.get(TAG_REFUSED)?)?;
    Some((refusal.error_type.strip_prefix(PUT)?.to_owned(), refusal.at))
}

/// Puts AWSCURRENT's value once more under its own token, which
/// [changes nothing](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html)
/// and needs the same KMS key and the same permissions as a new value; whether there was one to put.
async fn again(aws: &Aws, event: &RotationEvent, seen: &Observation) -> Result<bool> {
    let Some(current) = seen.secret.current() else { return Ok(false) };
    let arn = seen.secret.arn.as_str();
    let StoredValue::Text { text, .. } = aws.secrets.version_value(arn, &current.id).await? else {
        return Ok(false);
    };
    // A label that is this version's for good, where it has one: should AWS attach it, nothing moves.
    let own = current.key.as_ref().map_or(AWSCURRENT, |key| key.as_str());
    match aws.secrets.put(arn, &current.id, event.rotation_token.as_ref(), &[own], &text).await {
        Ok(()) => Ok(true),
        Err(error) => Err(Error::from(error).after(", as before, so no key was created")),
    }
}

/// Remembers that a value was refused for good. Where that fails, the next attempt makes a key as this one
/// did.
pub(crate) async fn remember(aws: &Aws, arn: &str, error: &CallError) {
    if !error.is_permanent() {
        return;
    }
    let refusal = Refusal { error_type: format!("{PUT}{}", error.code()), at: aws.clock.now() };
    if let Err(error) = aws.secrets.tag(arn, TAG_REFUSED, &refusal.to_tag()).await {
        tracing::warn!(error = %error, "that the value was not stored could not be noted");
    }
}
