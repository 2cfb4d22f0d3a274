//! ListSecrets and ListSecretVersionIds.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use crate::clock::epoch;
use crate::front::door::Context;
use crate::front::params::{Input, page};
use crate::front::protocol::ApiError;
use crate::secretsmanager::{filter, identity, invalid_parameter, read::versions_to_stages};
use crate::world::secret::Secret;

/// What DescribeSecret and ListSecrets both tell.
pub(super) fn common(secret: &Secret) -> Map<String, Value> {
    let tags: Vec<Value> =
        secret.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    let rotation = &secret.rotation;
    let fields = [
        ("ARN", json!(secret.arn)),
        ("Name", json!(secret.name)),
        ("Description", json!(secret.description)),
        ("KmsKeyId", json!(secret.kms_key_id)),
        ("RotationEnabled", json!(rotation.function_arn.as_ref().map(|_| rotation.enabled))),
        ("RotationLambdaARN", json!(rotation.function_arn)),
        ("RotationRules", json!(rotation.rules)),
        ("LastRotatedDate", json!(secret.rotated.map(epoch))),
        ("LastChangedDate", json!(epoch(secret.changed))),
        ("LastAccessedDate", json!(secret.accessed.map(epoch))),
        ("DeletedDate", json!(secret.deleted.map(epoch))),
        ("NextRotationDate", json!(rotation.next.map(epoch))),
        ("CreatedDate", json!(epoch(secret.created))),
        ("Tags", json!(tags)),
        ("PrimaryRegion", json!(secret.primary_region())),
    ];
    fields
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A secret's entry in ListSecrets.
pub(crate) fn listing(secret: &Secret) -> Value {
    let mut entry = common(secret);
    let stages = versions_to_stages(secret);
    entry.insert("SecretVersionsToStages".to_owned(), stages);
    Value::Object(entry)
}

/// A secret as a reader who lags behind sees it. What it says is only rendered when it is shown.
#[derive(Clone, Copy)]
pub(super) enum Entry<'a> {
    Live(&'a Secret),
    Past(&'a Value),
}

impl<'a> Entry<'a> {
    /// The entry as it was `lag` ago; `None` if the secret was not there yet.
    fn before(secret: &'a Secret, now: SystemTime, lag: Duration) -> Option<Self> {
        if lag.is_zero() || secret.history.is_empty() {
            return Some(Self::Live(secret));
        }
        let seen = secret.history.iter().rev().find(|(at, _)| *at + lag <= now);
        seen.map(|(_, entry)| Self::Past(entry))
    }

    fn render(self) -> Value {
        match self {
            Self::Live(secret) => listing(secret),
            Self::Past(entry) => entry.clone(),
        }
    }
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html>
pub(super) fn list_secrets(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let with_deleted = input.flag("IncludePlannedDeletion")?.unwrap_or(false);
    let filters = filter::read(input)?;
    let order = input.text("SortBy")?.unwrap_or("created-date");
    let (now, lag) = (context.now, context.state.options.list_lag);
    let page_size = context.state.options.page_size;
    let store = &*context.state.world.store(&context.caller.account, context.region);
    let mut secrets: Vec<&Secret> =
        store.secrets.values().filter(|secret| with_deleted || secret.deleted.is_none()).collect();
    match order {
        "created-date" => {}
        "name" => secrets.sort_by(|a, b| a.name.cmp(&b.name)),
        "last-changed-date" => secrets.sort_by_key(|secret| secret.changed),
        "last-accessed-date" => secrets.sort_by_key(|secret| secret.accessed),
        other => return Err(invalid_parameter(format!("Unknown SortBy {other}."))),
    }
    if input.text("SortOrder")? == Some("desc") {
        secrets.reverse();
    }
    let entries = secrets
        .into_iter()
        .filter_map(|secret| Some((secret.arn.as_str(), Entry::before(secret, now, lag)?)))
        .filter(|(_, entry)| filters.iter().all(|filter| filter.admits(*entry, context.region)))
        .collect();
    let (entries, next) = page_of(entries, page_size, input)?;
    let entries: Vec<Value> = entries.into_iter().map(Entry::render).collect();
    Ok(with_next(json!({"SecretList": entries}), next))
}

pub(super) fn list_secret_version_ids(
    context: &mut Context<'_>,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    let with_deprecated = input.flag("IncludeDeprecated")?.unwrap_or(false);
    let page_size = context.state.options.page_size;
    let arn = context.any_secret(input)?.arn.clone();
    let secret = context.seen_secret(&arn)?;
    let mut answer = identity(&secret);
    let versions: Vec<(String, Value)> = secret
        .versions
        .iter()
        .filter(|version| with_deprecated || !version.stages.is_empty())
        .map(|version| {
            let mut entry = json!({
                "VersionId": version.id,
                "CreatedDate": epoch(version.created),
            });
            if !version.stages.is_empty() {
                entry["VersionStages"] = json!(version.stages);
            }
            if let Some(accessed) = version.accessed {
                entry["LastAccessedDate"] = json!(epoch(accessed));
            }
            (version.id.clone(), entry)
        })
        .collect();
    let (versions, next) = page_of(versions, page_size, input)?;
    answer["Versions"] = json!(versions);
    Ok(with_next(answer, next))
}

fn with_next(mut answer: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    answer
}

/// A page of what has these keys.
fn page_of<K: AsRef<str>, T>(
    items: Vec<(K, T)>,
    most: usize,
    input: Input<'_>,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let asked = match input.number("MaxResults")? {
        None => most,
        Some(asked @ 1..=100) => usize::try_from(asked).unwrap_or(most),
        Some(_) => {
            return Err(ApiError::new(400, "ValidationException", "MaxResults must be between 1 and 100"));
        }
    };
    page(items, input.text("NextToken")?, asked.min(most))
        .ok_or_else(|| ApiError::new(400, "InvalidNextTokenException", "The NextToken is invalid."))
}
