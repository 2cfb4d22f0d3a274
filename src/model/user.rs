//! IAM users.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::{Serialize, Serializer};

use super::{Arn, is_account_id};

/// The name of an IAM user. Names are
/// [unique without regard to case](https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html),
/// so they are compared so, and written as IAM writes them.
#[derive(Clone, Debug)]
pub struct UserName(String);

impl UserName {
    /// Wraps a name, without its path.
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as IAM writes it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn letters(&self) -> impl Iterator<Item = u8> {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl Deref for UserName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq for UserName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for UserName {}

impl PartialEq<str> for UserName {
    fn eq(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}

impl PartialOrd for UserName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UserName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.letters().cmp(other.letters())
    }
}

impl Hash for UserName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.letters().for_each(|letter| letter.hash(state));
    }
}

impl Serialize for UserName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for UserName {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// An IAM user of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRef {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub(crate) partition: String,
    /// The twelve digits of the account that the user lives in.
    pub(crate) account: String,
    /// What stands before the name in the user's ARN, e.g. `team/a/`; empty where it is not known.
    pub(crate) path: String,
    /// The name without its path.
    pub(crate) name: UserName,
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
        let (partition, account, path, name) = match text.starts_with("arn:") {
            false => (home_partition, home_account, "", text),
            true => {
                let arn = Arn::parse(text).filter(|arn| arn.service == "iam" && arn.region.is_empty());
                let arn = arn.ok_or(UserRefError::NotAUser)?;
                let user = arn.resource.strip_prefix("user/").ok_or(UserRefError::NotAUser)?;
                let (path, name) = user.split_at(user.rfind('/').map_or(0, |slash| slash + 1));
                (arn.partition, arn.account, path, name)
            }
        };
        let name_ok = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b));
        if !is_account_id(account) || !name_ok {
            return Err(UserRefError::NotAUser);
        }
        let (partition, account, path) = (partition.into(), account.into(), path.into());
        Ok(Self { partition, account, path, name: UserName::new(name) })
    }

    /// The user's ARN.
    pub(crate) fn arn(&self) -> String {
        let Self { partition, account, path, name } = self;
        format!("arn:{partition}:iam::{account}:user/{path}{name}")
    }

    /// Whether an ARN, as STS answers it, is this user's, whatever its path.
    pub(crate) fn is(&self, arn: &str) -> bool {
        arn.starts_with("arn:") && Self::parse(arn, "", "").is_ok_and(|other| self.is_same(&other))
    }

    /// The user under the name that it has now; the path may be another, too.
    pub(crate) fn renamed(&self, name: UserName) -> Self {
        Self { name, path: String::new(), ..self.clone() }
    }

    /// Whether it is the same user, whatever the path.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.account == other.account && self.name == other.name
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
            "arn:aws:iam:eu-west-1:444455556666:user/ci",
            "arn:aws:sts::444455556666:user/ci",
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
    fn a_name_is_one_key_of_a_map_however_it_is_written() {
        use std::collections::{BTreeMap, HashSet};
        let names = ["ci", "CI", "b"].map(UserName::new);
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 2);
        let sorted: BTreeMap<_, _> = names.iter().map(|name| (name, name.as_str())).collect();
        assert_eq!(sorted.into_values().collect::<Vec<_>>(), ["b", "CI"]);
        assert!(names[0] > names[2] && names[0].partial_cmp(&names[1]) == Some(Ordering::Equal));
        let hash = |name: &UserName| {
            std::hash::BuildHasher::hash_one(
                &std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default(),
                name,
            )
        };
        assert_eq!(hash(&names[0]), hash(&names[1]));
        assert_ne!(hash(&names[0]), hash(&names[2]), "a hash that says nothing makes a list of every map");
    }

    #[test]
    fn a_renamed_user_keeps_its_account_and_has_a_path_that_is_not_known() {
        let user = parse("arn:aws-cn:iam::444455556666:user/team/ci").unwrap();
        assert_eq!(user.renamed(UserName::new("cd")).arn(), "arn:aws-cn:iam::444455556666:user/cd");
    }
}
