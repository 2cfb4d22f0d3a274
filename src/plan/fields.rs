//! How a secret's tag names the fields of its key.

use crate::error::{Error, Result};
use crate::model::names::TAG_FIELDS;
use crate::model::{FieldNames, SecretState};

/// How the secret's tag calls the fields of its key, where it does.
pub(crate) fn field_names(secret: &SecretState) -> Result<Option<FieldNames>> {
    let Some(tag) = secret.tags.get(TAG_FIELDS) else { return Ok(None) };
    FieldNames::parse(tag).map(Some).ok_or_else(|| Error::InvalidConfig {
        name: TAG_FIELDS.into(),
        problem: format!("is {tag:?} on secret {}", secret.arn),
        expected: "the names of two fields of the value, the access key id's first: ID-FIELD:SECRET-FIELD"
            .into(),
    })
}
