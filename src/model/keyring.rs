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

    const OLD: &str = "AKIAOLDOLDOLDOLDOLD1";
    const NEW: &str = "AKIANEWNEWNEWNEWNEW2";

    fn role_of_new(stages: &[&str]) -> KeyRole {
        let version = |id: &str, stages: &[&str]| Version::new(id, stages.iter().map(|s| (*s).to_owned()));
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
}
