//! A user's keys beside the secret that holds them: what each key is to it.

use jiff::{SignedDuration, Timestamp};

use super::names::{AWSCURRENT, AWSPENDING, AWSPREVIOUS};
use super::{AccessKey, AccessKeyId, Intent, KeyRole, LastUse, SecretState, Version, VersionId};

/// How old a key must be that only the record of a vanished version explains: long enough for somebody
/// who made it by hand to have used it, and for IAM to show that.
const VANISHED_PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// A user's keys beside the secret that holds them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keyring<'a> {
    /// The time at which they were seen, by AWS's clock.
    pub(crate) now: Timestamp,
    /// The secret; `None`: the user has none.
    pub(crate) secret: Option<&'a SecretState>,
    /// The user's keys.
    pub(crate) keys: &'a [AccessKey],
    /// The version that a rotation is making.
    pub(crate) making: Option<&'a VersionId>,
    /// Whether a rotation proves a key before it stores it, as it does for SMTP credentials alone.
    pub(crate) proves_first: bool,
}

impl<'a> Keyring<'a> {
    /// What lists and staging labels tell, without a look into any value.
    pub(crate) fn of_lists(secret: Option<&'a SecretState>, keys: &'a [AccessKey], now: Timestamp) -> Self {
        let making = secret.and_then(|secret| secret.pending().unfinished()).map(|version| &version.id);
        Self { now, secret, keys, making, proves_first: false }
    }

    /// The user's key of this id.
    pub(crate) fn find(&self, id: &AccessKeyId) -> Option<&'a AccessKey> {
        self.keys.iter().find(|key| key.id == *id)
    }

    /// The version that consumers read.
    pub(crate) fn current_version(&self) -> Option<&'a Version> {
        self.secret?.current()
    }

    /// The user's key that is in AWSCURRENT.
    pub(crate) fn current(&self) -> Option<&'a AccessKey> {
        self.find(self.current_version()?.key.as_ref()?)
    }

    /// The version that holds a key.
    pub(crate) fn holder(&self, key: &AccessKeyId) -> Option<&'a Version> {
        self.secret?.holder(key)
    }

    /// The record that an attempt of this rotation, or of the one before it, left.
    pub(crate) fn intent(&self) -> Option<Intent> {
        self.secret?.intent(self.now)
    }

    /// What a key of the user is to the secret.
    pub(crate) fn role(&self, key: &AccessKey) -> KeyRole {
        let Some(holder) = self.holder(&key.id) else {
            let orphan = self.orphans().iter().any(|orphan| orphan.id == key.id);
            return if orphan { KeyRole::Orphan } else { KeyRole::Unknown };
        };
        if holder.has(AWSCURRENT) {
            KeyRole::Current
        } else if Some(&holder.id) == self.making && holder.has(AWSPENDING) {
            KeyRole::Pending
        } else if holder.has(AWSPREVIOUS) || !self.is_younger_than_current(key) {
            KeyRole::Previous
        } else {
            KeyRole::Abandoned
        }
    }

    /// Keys that an attempt of ours made and nobody holds the secret of.
    ///
    /// None, where more keys fit the intent than its attempts can have made: some of them are then
    /// somebody else's, and which cannot be told.
    pub(crate) fn orphans(&self) -> Vec<&'a AccessKey> {
        let (Some(secret), Some(intent)) = (self.secret, self.intent()) else { return Vec::new() };
        let version = secret.version(&intent.token);
        let stored = version.is_some_and(|version| version.key.is_some());
        let unaccounted = intent.attempts.len().saturating_sub(usize::from(stored));
        let unheld = self.keys.iter().filter(|key| secret.holder(&key.id).is_none());
        let explained: Vec<_> = unheld.filter(|key| intent.explains(key)).collect();
        if explained.len() > unaccounted {
            return Vec::new();
        }
        // Nothing shows any more that the rotation of a vanished version ever was.
        let vanished = version.is_none();
        let ripe = |key: &&AccessKey| !vanished || self.now.duration_since(key.created) >= VANISHED_PATIENCE;
        // A rotation makes no key after the one that it promotes.
        let promoted = secret.current().is_some_and(|current| current.id == intent.token);
        let end = self.current().filter(|_| promoted).map(|key| key.created);
        let in_time = |key: &&AccessKey| end.is_none_or(|end| key.created < end);
        // A key of SMTP credentials is proved before it is stored, and a crash may come in between.
        let never_used =
            |key: &&AccessKey| key.last_use == Some(LastUse::Never) || (self.proves_first && key.is_unused());
        let unused = explained.into_iter().filter(never_used);
        unused.filter(ripe).filter(in_time).collect()
    }

    /// When the current version became current, so far as can be told: the end of the rotation
    /// that made it, or at the latest the creation of its key.
    pub(crate) fn current_since(&self) -> Option<Timestamp> {
        let created = self.current()?.created;
        let rotated = self.secret?.last_rotated;
        Some(rotated.map_or(created, |rotated| rotated.max(created)))
    }

    /// Whether a key was made after the one in AWSCURRENT.
    pub(crate) fn is_younger_than_current(&self, key: &AccessKey) -> bool {
        self.current().is_some_and(|current| key.created > current.created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::KeyStatus;
    use crate::model::names::TAG_INTENT;

    const OLD: &str = "AKIAOLDOLDOLDOLDOLD1";
    const NEW: &str = "AKIANEWNEWNEWNEWNEW2";

    fn role_of_new(stages: &[&str]) -> KeyRole {
        let versions = vec![version("v1", &[AWSCURRENT, OLD]), version("v2", &[stages, &[NEW]].concat())];
        let key = AccessKey {
            id: AccessKeyId::new(NEW),
            status: KeyStatus::Active,
            created: Timestamp::UNIX_EPOCH,
            last_use: None,
        };
        let secret = SecretState { versions, ..SecretState::default() };
        let keys = [key.clone()];
        Keyring::of_lists(Some(&secret), &keys, Timestamp::UNIX_EPOCH).role(&key)
    }

    #[test]
    fn a_version_that_was_rolled_back_is_not_being_made() {
        assert_eq!(role_of_new(&[AWSPENDING]), KeyRole::Pending);
        assert_eq!(role_of_new(&[AWSPENDING, AWSPREVIOUS]), KeyRole::Previous);
    }

    const TOKEN: &str = "v2";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn key(id: &str, created: i64, last_use: LastUse) -> AccessKey {
        let last_use = Some(last_use);
        AccessKey { id: AccessKeyId::new(id), status: KeyStatus::Active, created: at(created), last_use }
    }

    /// A secret whose intent for version v2 has attempts at these seconds.
    fn secret_with(versions: Vec<Version>, attempts: &[i64]) -> SecretState {
        let attempts = attempts.iter().map(|second| at(*second)).collect();
        let intent = Intent { token: VersionId::new(TOKEN), attempts, listed: vec![AccessKeyId::new(OLD)] };
        let tags = [(TAG_INTENT.to_owned(), intent.to_tag())].into();
        SecretState { versions, tags, ..SecretState::default() }
    }

    fn version(id: &str, stages: &[&str]) -> Version {
        Version::new(id, stages.iter().map(|stage| (*stage).to_owned()))
    }

    fn orphans(secret: &SecretState, keys: &[AccessKey], now: Timestamp, proves_first: bool) -> Vec<String> {
        let seen = Keyring { now, secret: Some(secret), keys, making: None, proves_first };
        seen.orphans().into_iter().map(|key| key.id.to_string()).collect()
    }

    #[test]
    fn an_orphan_of_a_version_that_is_gone_must_be_a_day_old() {
        let day = VANISHED_PATIENCE.as_secs();
        let keys = [key(NEW, 1, LastUse::Never)];
        let gone = secret_with(vec![version("v1", &[AWSCURRENT, OLD])], &[0]);
        assert!(orphans(&gone, &keys, at(day), false).is_empty());
        assert_eq!(orphans(&gone, &keys, at(1 + day), false), [NEW]);
        let pending = version(TOKEN, &[AWSPENDING]);
        let being_made = secret_with(vec![version("v1", &[AWSCURRENT, OLD]), pending], &[0]);
        assert_eq!(orphans(&being_made, &keys, at(2), false), [NEW]);
    }

    #[test]
    fn a_key_that_is_not_older_than_the_promoted_one_is_no_orphan() {
        let promoted = secret_with(vec![version(TOKEN, &[AWSCURRENT, OLD])], &[0, 8]);
        let of = |created| {
            let keys = [key(OLD, 10, LastUse::Never), key(NEW, created, LastUse::Never)];
            !orphans(&promoted, &keys, at(20), false).is_empty()
        };
        assert_eq!([9, 10, 11].map(of), [true, false, false]);
    }

    #[test]
    fn an_orphan_was_never_used_but_for_the_proof_of_smtp_credentials() {
        let versions = vec![version("v1", &[AWSCURRENT, OLD]), version(TOKEN, &[AWSPENDING])];
        let secret = secret_with(versions, &[0]);
        let used =
            |service: &str| LastUse::At { time: at(3), service: service.into(), region: "eu-west-1".into() };
        let of = |last_use, proves_first| {
            !orphans(&secret, &[key(NEW, 1, last_use)], at(60), proves_first).is_empty()
        };
        assert!(of(LastUse::Never, false) && of(LastUse::Never, true));
        assert!(of(used("sts"), true) && !of(used("sts"), false));
        assert!(!of(used("s3"), true) && !of(used("s3"), false));
    }
}
