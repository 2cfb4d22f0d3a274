//! Names that AWS gives to things.

use std::fmt;

use serde::Serialize;

use super::Arn;

/// How people call a key whose id is not known.
const NUMBERED: &str = "key ";

/// An access key's id, e.g. `AKIAIOSFODNN7EXAMPLE`. Not a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct AccessKeyId(String);

impl AccessKeyId {
    /// Wraps an id that AWS, or a secret's value, has named.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Whether a staging label has the shape of a key id, so that it can tell which key a version
    /// holds. IAM's own rule is 16 to 128 word characters; a user's key begins with `AKIA`
    /// ([unique identifiers](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids)).
    pub(crate) fn from_label(label: &str) -> Option<Self> {
        let shaped = (16..=128).contains(&label.len())
            && label.starts_with("AKIA")
            && label.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        shaped.then(|| Self::new(label))
    }

    /// Stands for a key whose id the credential report, which numbers a user's keys, does not show.
    pub(crate) fn numbered(nth: usize) -> Self {
        Self(format!("{NUMBERED}{nth}"))
    }

    /// Whether it is a number of the credential report instead of an id: no id holds a space.
    pub(crate) fn is_numbered(&self) -> bool {
        self.0.starts_with(NUMBERED)
    }

    /// The id as AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A key id read from a secret's value is whatever somebody wrote there.
        f.write_str(&self.0.escape_default().to_string())
    }
}

/// The id of a secret's version: the ClientRequestToken of the call or of the rotation that made it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct VersionId(String);

impl VersionId {
    /// Wraps an id as Secrets Manager writes it.
    pub(crate) fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as Secrets Manager writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for VersionId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl From<String> for VersionId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.escape_default().to_string())
    }
}

/// A secret as an event names it: by its ARN, as Secrets Manager does, or by its name, as some stand-ins do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretId(String);

impl SecretId {
    /// Wraps what an event holds.
    pub(crate) fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// As the event holds it, which every call of Secrets Manager takes.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The ARN, if it is one.
    pub(crate) fn arn(&self) -> Option<&str> {
        Arn::parse(&self.0).map(|_| self.as_str())
    }

    /// The name, if it is no ARN.
    pub(crate) fn name(&self) -> Option<&str> {
        self.arn().is_none().then_some(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_key_id_is_read_from_a_label() {
        assert!(AccessKeyId::from_label("AKIAIOSFODNN7EXAMPLE").is_some());
        for label in
            ["AWSCURRENT", "AKIA", "akiaiosfodnn7example", "AKIAIOSFODNN7-EXAMPLE", "MYLABELTHATISQUITELONG"]
        {
            assert_eq!(AccessKeyId::from_label(label), None, "{label}");
        }
    }
}
