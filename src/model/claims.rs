//! What the user's side and other secrets say about a secret's right to the user's keys.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{AccessKey, AccessKeyId, KeyStatus, LastUse};

/// How long a key must have been out of use before a secret that nobody enrolled protects it no longer:
/// anybody may create and tag one, and a monthly job sleeps for less.
const QUIET: SignedDuration = SignedDuration::from_hours(35 * 24);

/// What tells whether this secret may get this user's keys, beside the secret itself.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// Why the user is exempt from rotation.
    pub(crate) exempt: Option<String>,
    /// The user's tag `iam-key-rotator:secret`.
    pub(crate) user_tag: Option<String>,
    /// Whose each key is that a version holds and the user has not; `None`: the key is gone.
    pub(crate) owners: BTreeMap<AccessKeyId, Option<String>>,
    /// The users that the values of versions name whose keys are gone.
    pub(crate) written: Vec<String>,
    /// Whether STS accepted AWSCURRENT's key as the user's; asked only where nothing else confirms the user.
    pub(crate) proved: bool,
    /// Keys of versions that are not current whose credentials work, as STS says; `None`: nobody asked, and
    /// labels are believed.
    pub(crate) held: Option<BTreeSet<AccessKeyId>>,
    /// The user's other secrets.
    pub(crate) others: Vec<OtherSecret>,
}

/// Another secret whose AWSCURRENT may hold a key of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherSecret {
    pub(crate) arn: String,
    /// The key that its AWSCURRENT holds, as its label tells; `None`: that is not known.
    pub(crate) key: Option<AccessKeyId>,
    /// Whether it rotates with our function, so that somebody with authority enrolled it.
    pub(crate) enrolled: bool,
}

impl Claims {
    /// Whether a version is known to hold a key; where nobody asked, its label is believed.
    pub(crate) fn is_held(&self, key: &AccessKeyId) -> bool {
        self.held.as_ref().is_none_or(|held| held.contains(key))
    }

    /// Another secret whose consumers may use a key, so that it may not be taken away.
    ///
    /// An inactive key is used by nobody: only an enrolled secret that names it protects it. A secret that
    /// nobody enrolled protects an active key until it has been out of use for 35 days.
    pub(crate) fn holder_elsewhere(&self, key: &AccessKey, now: Timestamp) -> Option<&str> {
        let used = match &key.last_use {
            Some(LastUse::At { time, .. }) => Some(*time),
            Some(LastUse::Never) => Some(key.created),
            None => None,
        };
        let quiet = used.is_some_and(|used| now.duration_since(used.max(key.created)) >= QUIET);
        let active = key.status == KeyStatus::Active;
        let protects = |other: &&OtherSecret| match (&other.key, other.enrolled) {
            (Some(held), _) if *held != key.id => false,
            (Some(_), true) => true,
            (None, true) => active,
            (_, false) => active && !quiet,
        };
        self.others.iter().find(protects).map(|other| other.arn.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_protects_a_key_and_for_how_long() {
        let at = |days: i64| Timestamp::from_second(1_700_000_000 + days * 86_400).unwrap();
        let key = |status, last_use| AccessKey {
            id: AccessKeyId::new("AKIAOLD"),
            status,
            created: at(0),
            last_use,
        };
        let used = Some(LastUse::At { time: at(10), service: "s3".into(), region: "eu-west-1".into() });
        let active = |last_use| key(KeyStatus::Active, last_use);
        let inactive = key(KeyStatus::Inactive, Some(LastUse::Never));
        let (this, other) = (Some(AccessKeyId::new("AKIAOLD")), Some(AccessKeyId::new("AKIAELSE")));
        for (held, enrolled, key, day, expected) in [
            (&this, true, active(used.clone()), 90, true),
            (&this, true, inactive.clone(), 90, true),
            (&None, true, active(used.clone()), 90, true),
            (&None, true, inactive.clone(), 90, false),
            (&other, true, active(used.clone()), 90, false),
            (&this, false, active(used.clone()), 44, true),
            (&this, false, active(used.clone()), 45, false),
            (&None, false, active(Some(LastUse::Never)), 34, true),
            (&None, false, active(Some(LastUse::Never)), 35, false),
            (&None, false, active(None), 90, true),
            (&this, false, inactive, 1, false),
        ] {
            let others = vec![OtherSecret { arn: "other".into(), key: held.clone(), enrolled }];
            let claims = Claims { others, ..Claims::default() };
            let holder = claims.holder_elsewhere(&key, at(day));
            assert_eq!(holder.is_some(), expected, "{held:?} {enrolled} {key:?} {day}");
        }
    }
}
