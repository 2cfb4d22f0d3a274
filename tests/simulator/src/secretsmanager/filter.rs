//! The filters of ListSecrets.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Filter.html>

use serde_json::Value;

use crate::front::params::Input;
use crate::front::protocol::ApiError;
use crate::secretsmanager::invalid_parameter;
use crate::secretsmanager::listing::Entry;

const KEYS: [&str; 7] =
    ["name", "description", "tag-key", "tag-value", "primary-region", "owning-service", "all"];
/// "Array Members: Maximum number of 10 items", for filters and for the values of each.
const MOST: usize = 10;
const LONGEST_VALUE: usize = 512;

/// One filter: its values are alternatives, filters are cumulative
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_search-secret.html>).
pub(super) struct Filter {
    key: String,
    values: Vec<String>,
}

pub(super) fn read(input: Input<'_>) -> Result<Vec<Filter>, ApiError> {
    let mut filters = Vec::new();
    for filter in input.array("Filters")?.into_iter().flatten() {
        let filter = Input(filter);
        let key = filter.required("Key")?.to_owned();
        if !KEYS.contains(&key.as_str()) {
            return Err(invalid_parameter(format!("Unknown filter key {key}.")));
        }
        let values = filter.texts("Values")?.unwrap_or_default();
        if values.is_empty() || values.len() > MOST || !values.iter().all(|value| is_value(value)) {
            return Err(invalid_parameter("Invalid filter values"));
        }
        filters.push(Filter { key, values });
    }
    if filters.len() > MOST {
        return Err(invalid_parameter("You can't use more than 10 filters."));
    }
    Ok(filters)
}

fn is_value(value: &str) -> bool {
    value.len() <= LONGEST_VALUE
        && value.chars().all(|c| c.is_ascii_alphanumeric() || " :_@/+=.-!".contains(c))
}

/// What the filters look at.
struct Facts<'a> {
    name: &'a str,
    description: &'a str,
    primary_region: &'a str,
    tags: Vec<(&'a str, &'a str)>,
}

impl<'a> Facts<'a> {
    fn of(entry: Entry<'a>, region: &'a str) -> Self {
        match entry {
            Entry::Live(secret) => Self {
                name: &secret.name,
                description: secret.description.as_deref().unwrap_or_default(),
                primary_region: secret.primary_region().unwrap_or(region),
                tags: secret.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
            },
            Entry::Past(entry) => {
                let text = |part: &'a Value, name: &str| part[name].as_str().unwrap_or_default();
                let tags = entry["Tags"].as_array().into_iter().flatten();
                Self {
                    name: text(entry, "Name"),
                    description: text(entry, "Description"),
                    primary_region: entry["PrimaryRegion"].as_str().unwrap_or(region),
                    tags: tags.map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect(),
                }
            }
        }
    }
}

impl Filter {
    pub(super) fn admits(&self, entry: Entry<'_>, region: &str) -> bool {
        let facts = Facts::of(entry, region);
        let (negated, plain): (Vec<&String>, Vec<&String>) =
            self.values.iter().partition(|value| value.starts_with('!'));
        let excluded = negated.iter().any(|value| self.matches(&facts, &value[1..]));
        let included = plain.is_empty() || plain.iter().any(|value| self.matches(&facts, value));
        included && !excluded
    }

    /// Everything matches from its beginning, and by case except in descriptions and in `all`.
    fn matches(&self, facts: &Facts<'_>, value: &str) -> bool {
        match self.key.as_str() {
            "name" => facts.name.starts_with(value),
            "description" => described(facts.description, value),
            "tag-key" => facts.tags.iter().any(|(key, _)| key.starts_with(value)),
            "tag-value" => facts.tags.iter().any(|(_, tag)| tag.starts_with(value)),
            "primary-region" => facts.primary_region.starts_with(value),
            // No secret here belongs to another service.
            "owning-service" => false,
            _ => value.split_whitespace().all(|word| anywhere(facts, word)),
        }
    }
}

fn described(description: &str, value: &str) -> bool {
    let (description, value) = (description.to_lowercase(), value.to_lowercase());
    description.starts_with(&value) || description.split_whitespace().any(|word| word.starts_with(&value))
}

/// "Breaks the filter value string into words and then searches all attributes for matches." That
/// every word must match is our reading.
fn anywhere(facts: &Facts<'_>, word: &str) -> bool {
    let word = word.to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&word);
    has(facts.name)
        || has(facts.primary_region)
        || described(facts.description, &word)
        || facts.tags.iter().any(|(key, value)| has(key) || has(value))
}
