//! The fields of a value, each with its JSON text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// The names of the fields of a pair, as a secret's tag `iam-key-rotator:fields` says them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldNames {
    pub(super) id: String,
    pub(super) secret: String,
}

impl FieldNames {
    /// Reads the tag's value: `ID-FIELD:SECRET-FIELD`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.split_once(':')?;
        let (id, secret) = (id.trim().to_owned(), secret.trim().to_owned());
        let usable = !id.is_empty() && !secret.is_empty() && !secret.contains(':') && id != secret;
        usable.then_some(Self { id, secret })
    }
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    /// The value as JSON text, untouched.
    pub(super) json: Zeroizing<String>,
}

impl Field {
    pub(super) fn string(name: &str, value: &str) -> Self {
        Self { name: name.into(), json: json_string(value) }
    }

    /// The value as text: a string, or nothing for `null`.
    pub(super) fn text(&self) -> Option<Zeroizing<String>> {
        if self.json.as_str() == "null" {
            return Some(Zeroizing::default());
        }
        serde_json::from_str::<String>(&self.json).ok().map(Zeroizing::new)
    }

    /// The text without the line end or blanks that pasting leaves behind it; empty for what is no text.
    pub(super) fn trimmed(&self) -> Zeroizing<String> {
        let mut text = self.text().unwrap_or_default();
        let end = text.trim_end_matches([' ', '\t', '\r', '\n']).len();
        text.truncate(end);
        text
    }
}

pub(super) fn json_string(text: &str) -> Zeroizing<String> {
    Zeroizing::new(serde_json::Value::from(text).to_string())
}

/// Reads an object's fields in their order.
pub(super) struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Vec<Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Field>, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let json: &RawValue = map.next_value()?;
            fields.push(Field { name: name.into_owned(), json: Zeroizing::new(json.get().to_owned()) });
        }
        Ok(fields)
    }
}
