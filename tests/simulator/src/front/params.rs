//! Reading a call's parameters, strictly.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::front::protocol::ApiError;

/// The form body of an AWS Query call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        match self.get(name) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => Err(ApiError::new(
                400,
                "ValidationError",
                format!(
                    "1 validation error detected: Value at '{name}' failed to satisfy constraint: \
                     Member must not be null"
                ),
            )),
        }
    }

    /// `prefix.1.suffix`, `prefix.2.suffix`, … in order; an empty suffix reads `prefix.N`.
    pub(crate) fn list(&self, prefix: &str, suffix: &str) -> Vec<String> {
        (1..)
            .map_while(|index| {
                let name = if suffix.is_empty() {
                    format!("{prefix}.{index}")
                } else {
                    format!("{prefix}.{index}.{suffix}")
                };
                self.0.get(&name).cloned()
            })
            .collect()
    }

    /// `prefix.N.Key` with `prefix.N.Value`.
    pub(crate) fn tags(&self, prefix: &str) -> Vec<(String, String)> {
        let values = self.list(prefix, "Value");
        self.list(prefix, "Key").into_iter().zip(values).collect()
    }
}

/// The JSON object of a Secrets Manager or SES call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a>(pub(crate) &'a Value);

impl<'a> Input<'a> {
    pub(crate) fn field(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(self, name: &str) -> Result<Option<&'a str>, ApiError> {
        self.typed(name, Value::as_str)
    }

    pub(crate) fn required(self, name: &str) -> Result<&'a str, ApiError> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| {
            ApiError::new(
                400,
                "InvalidParameterException",
                format!("The parameter {name} must not be empty."),
            )
        })
    }

    pub(crate) fn flag(self, name: &str) -> Result<Option<bool>, ApiError> {
        self.typed(name, Value::as_bool)
    }

    pub(crate) fn number(self, name: &str) -> Result<Option<u64>, ApiError> {
        self.typed(name, Value::as_u64)
    }

    pub(crate) fn array(self, name: &str) -> Result<Option<&'a Vec<Value>>, ApiError> {
        self.typed(name, Value::as_array)
    }

    pub(crate) fn texts(self, name: &str) -> Result<Option<Vec<String>>, ApiError> {
        let Some(array) = self.array(name)? else {
            return Ok(None);
        };
        array
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(|| wrong(name)))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// `[{"Key": …, "Value": …}, …]`.
    pub(crate) fn tags(self, name: &str) -> Result<Option<Vec<(String, String)>>, ApiError> {
        let Some(array) = self.array(name)? else {
            return Ok(None);
        };
        array
            .iter()
            .map(|tag| {
                let key = tag["Key"].as_str().ok_or_else(|| wrong(name))?;
                let value = tag["Value"].as_str().unwrap_or_default();
                Ok((key.to_owned(), value.to_owned()))
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    fn typed<T>(self, name: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>, ApiError> {
        match self.field(name) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| wrong(name)),
        }
    }
}

fn wrong(name: &str) -> ApiError {
    ApiError::new(400, "SerializationException", format!("The member {name} has the wrong type."))
}

/// One page of a list: the items, and the marker of the next page. `None`: no valid marker.
///
/// The marker names the last item shown, so that items that vanish between two pages do not make the
/// reader skip others. Items are references where lists are long: only those shown are rendered.
pub(crate) fn page<K: AsRef<str>, T>(
    items: Vec<(K, T)>,
    marker: Option<&str>,
    limit: usize,
) -> Option<(Vec<T>, Option<String>)> {
    let start = match marker {
        None => 0,
        Some(marker) => {
            let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(marker).ok()?).ok()?;
            let (index, key) = decoded.split_once(':')?;
            let index: usize = index.parse().ok()?;
            let is_last_shown = |(item, _): &(K, T)| item.as_ref() == key;
            if index > 0 && items.get(index - 1).is_some_and(is_last_shown) {
                index
            } else {
                let shown = items.iter().position(is_last_shown);
                shown.map_or(index.saturating_sub(1), |shown| shown + 1)
            }
        }
    };
    let end = items.len().min(start + limit.max(1));
    let next =
        (end < items.len()).then(|| URL_SAFE_NO_PAD.encode(format!("{end}:{}", items[end - 1].0.as_ref())));
    let shown = items.into_iter().take(end).skip(start);
    Some((shown.map(|(_, item)| item).collect(), next))
}
