//! ListSecrets and ListSecretVersionIds.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use crate::clock::epoch;
use crate::front::door::Context;
use crate::front::params::{Input, page};
use crate::front::protocol::ApiError;
use crate::secretsmanager::{identity, invalid_parameter, read::versions_to_stages};
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

/// The entry as it was `lag` ago; `None` if the secret was not there yet.
fn listing_before(secret: &mut Secret, now: SystemTime, lag: Duration) -> Option<Value> {
    if lag.is_zero() || secret.history.is_empty() {
        return Some(listing(secret));
    }
    while secret.history.get(1).is_some_and(|(at, _)| *at + lag <= now) {
        secret.history.pop_front();
    }
    let (at, entry) = secret.history.front()?;
    (*at + lag <= now).then(|| entry.clone())
}

pub(super) fn list_secrets(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let with_deleted = input.flag("IncludePlannedDeletion")?.unwrap_or(false);
    let filters = filters(input)?;
    let (now, lag) = (context.now, context.state.options.list_lag);
    let account = context.caller.account.clone();
    let region = context.region.to_owned();
    let store = context.state.world.store(&account, &region);
    let mut entries: Vec<Value> = store
        .secrets
        .values_mut()
        .filter(|secret| with_deleted || secret.deleted.is_none())
        .filter_map(|secret| {
            secret.purge(now);
            listing_before(secret, now, lag)
        })
        .filter(|entry| filters.iter().all(|filter| filter.admits(entry, &region)))
        .collect();
    if input.text("SortOrder")? == Some("desc") {
        entries.reverse();
    }
    let (entries, next) = context.page(entries, input)?;
    Ok(with_next(json!({"SecretList": entries}), next))
}

pub(super) fn list_secret_version_ids(
    context: &mut Context<'_>,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    let with_deprecated = input.flag("IncludeDeprecated")?.unwrap_or(false);
    let secret = context.any_secret(input)?;
    let mut answer = identity(secret);
    let versions: Vec<Value> = secret
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
            entry
        })
        .collect();
    let (versions, next) = context.page(versions, input)?;
    answer["Versions"] = json!(versions);
    Ok(with_next(answer, next))
}

fn with_next(mut answer: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    answer
}

impl Context<'_> {
    fn page(&self, items: Vec<Value>, input: Input<'_>) -> Result<(Vec<Value>, Option<String>), ApiError> {
        let most = self.state.options.page_size;
        let keyed = items
            .into_iter()
            .map(|item| {
                let key = item["ARN"].as_str().or(item["VersionId"].as_str());
                (key.unwrap_or_default().to_owned(), item)
            })
            .collect();
        let asked = match input.number("MaxResults")? {
            None => most,
            Some(asked @ 1..=100) => usize::try_from(asked).unwrap_or(most),
            Some(_) => {
                return Err(ApiError::new(
                    400,
                    "ValidationException",
                    "MaxResults must be between 1 and 100",
                ));
            }
        };
        page(keyed, input.text("NextToken")?, asked.min(most))
            .ok_or_else(|| ApiError::new(400, "InvalidNextTokenException", "The NextToken is invalid."))
    }
}

/// One filter of ListSecrets: its values are alternatives, filters are cumulative
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_search-secret.html>).
struct Filter {
    key: String,
    values: Vec<String>,
}

fn filters(input: Input<'_>) -> Result<Vec<Filter>, ApiError> {
    let known = ["name", "description", "tag-key", "tag-value", "primary-region", "owning-service", "all"];
    let mut filters = Vec::new();
    for filter in input.array("Filters")?.into_iter().flatten() {
        let filter = Input(filter);
        let key = filter.required("Key")?.to_owned();
        if !known.contains(&key.as_str()) {
            return Err(invalid_parameter(format!("Unknown filter key {key}.")));
        }
        let values = filter.texts("Values")?.unwrap_or_default();
        if values.is_empty() {
            return Err(invalid_parameter("Invalid filter values"));
        }
        filters.push(Filter { key, values });
    }
    Ok(filters)
}

impl Filter {
    fn admits(&self, entry: &Value, region: &str) -> bool {
        let (negated, plain): (Vec<&String>, Vec<&String>) =
            self.values.iter().partition(|value| value.starts_with('!'));
        let excluded = negated.iter().any(|value| self.matches(entry, region, &value[1..]));
        let included = plain.is_empty() || plain.iter().any(|value| self.matches(entry, region, value));
        included && !excluded
    }

    /// Names and tags match from their beginning, case-sensitively; descriptions and `all` do not
    /// care about case.
    fn matches(&self, entry: &Value, region: &str, value: &str) -> bool {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let tags = |part: &str| -> Vec<String> {
            entry["Tags"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|tag| tag[part].as_str().map(str::to_owned))
                .collect()
        };
        let described = || {
            text("Description")
                .to_lowercase()
                .split_whitespace()
                .any(|word| word.starts_with(&value.to_lowercase()))
        };
        match self.key.as_str() {
            "name" => text("Name").starts_with(value),
            "description" => described(),
            "tag-key" => tags("Key").iter().any(|key| key.starts_with(value)),
            "tag-value" => tags("Value").iter().any(|tag| tag.starts_with(value)),
            "primary-region" => region.starts_with(value),
            "owning-service" => false,
            _ => {
                let wanted = value.to_lowercase();
                let mut texts = tags("Key");
                texts.extend(tags("Value"));
                texts.push(text("Name"));
                described() || texts.iter().any(|text| text.to_lowercase().contains(&wanted))
            }
        }
    }
}
