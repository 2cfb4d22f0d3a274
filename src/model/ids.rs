//! Names that AWS gives to things.

use std::fmt;

use serde::Serialize;

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
    pub fn from_label(label: &str) -> Option<Self> {
        let shaped = (16..=128).contains(&label.len())
            && label.starts_with("AKIA")
            && label.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        shaped.then(|| Self::new(label))
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
    pub fn new(id: impl Into<String>) -> Self {
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

/// An IAM user of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRef {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: String,
    /// The twelve digits of the account that the user lives in.
    pub account: String,
    /// What stands before the name in the user's ARN, e.g. `team/a/`; empty where it is not known.
    pub path: String,
    /// The name without its path.
    pub name: String,
}

/// Why a text names no IAM user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserRefError {
    /// Neither a user name nor an ARN of one.
    #[error("is neither an IAM user name nor the ARN of an IAM user")]
    NotAUser,
}

impl UserRef {
    /// Reads a user name, or the ARN of a user; a bare name belongs to `home`'s account.
    ///
    /// [IAM names](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html):
    /// up to 64 letters, digits and `+ = , . @ _ -`.
    pub fn parse(text: &str, home_partition: &str, home_account: &str) -> Result<Self, UserRefError> {
        let (partition, account, path, name) = match text.strip_prefix("arn:") {
            None => (home_partition, home_account, "", text),
            Some(rest) => {
                let parts: Vec<&str> = rest.splitn(5, ':').collect();
                let [partition, "iam", "", account, resource] = parts[..] else {
                    return Err(UserRefError::NotAUser);
                };
                let user = resource.strip_prefix("user/").ok_or(UserRefError::NotAUser)?;
                let (path, name) = user.split_at(user.rfind('/').map_or(0, |slash| slash + 1));
                (partition, account, path, name)
            }
        };
        let account_ok = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        let name_ok = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b));
        if !account_ok || !name_ok {
            return Err(UserRefError::NotAUser);
        }
        let (partition, account) = (partition.into(), account.into());
        Ok(Self { partition, account, path: path.into(), name: name.into() })
    }

    /// The user's ARN.
    pub fn arn(&self) -> String {
        let Self { partition, account, path, name } = self;
        format!("arn:{partition}:iam::{account}:user/{path}{name}")
    }

    /// Whether an ARN, as STS answers it, is this user's, whatever its path.
    ///
    /// User names are unique without regard to case, so case does not tell users apart.
    pub fn is(&self, arn: &str) -> bool {
        Self::parse(arn, "", "").is_ok_and(|other| {
            arn.starts_with("arn:")
                && other.account == self.account
                && other.name.eq_ignore_ascii_case(&self.name)
        })
    }
}

impl fmt::Display for UserRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of account {}", self.name, self.account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<UserRef, UserRefError> {
        UserRef::parse(text, "aws", "111122223333")
    }

    #[test]
    fn a_bare_name_belongs_to_the_home_account_and_an_arn_to_its_own() {
        assert_eq!(parse("ci@example.com").unwrap().account, "111122223333");
        let other = parse("arn:aws-cn:iam::444455556666:user/team/a/ci").unwrap();
        assert_eq!(
            (other.partition.as_str(), other.account.as_str(), other.name.as_str()),
            ("aws-cn", "444455556666", "ci")
        );
        assert_eq!(other.arn(), "arn:aws-cn:iam::444455556666:user/team/a/ci");
        assert_eq!(parse("ci").unwrap().arn(), "arn:aws:iam::111122223333:user/ci");
    }

    #[test]
    fn what_is_no_user_is_refused() {
        for text in [
            "",
            "a b",
            "a\nb",
            "arn:aws:iam::444455556666:role/ci",
            "arn:aws:iam::4444:user/ci",
            "arn:aws:iam",
            "<b>",
            &"x".repeat(65),
        ] {
            assert_eq!(parse(text), Err(UserRefError::NotAUser), "{text:?}");
        }
    }

    #[test]
    fn an_arn_is_recognised_whatever_its_path_and_case_but_not_from_another_account() {
        let user = parse("ci").unwrap();
        assert!(user.is("arn:aws:iam::111122223333:user/team/CI"));
        assert!(!user.is("arn:aws:iam::444455556666:user/ci"));
        assert!(!user.is("arn:aws:sts::111122223333:assumed-role/ci/ci"));
        assert!(!user.is("ci"));
    }

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
