//! What was seen of the world, to plan from.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::names::{AWSCURRENT, AWSPENDING, AWSPREVIOUS, TAG_INTENT};
use super::{
    AccessKey, AccessKeyId, Claims, ClientRequestToken, Intent, KeyRole, LastUse, SecretDocument, UserRef,
};

/// How old a key must be that only the record of a vanished version explains: long enough for somebody
/// who made it by hand to have used it, and for IAM to show that.
const VANISHED_PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// One version of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its id: the ClientRequestToken of the rotation that made it.
    pub id: String,
    /// Its staging labels.
    pub stages: BTreeSet<String>,
    /// The key it holds, by its label or by its value; `None` if neither told.
    pub key: Option<AccessKeyId>,
}

impl Version {
    /// A version as DescribeSecret shows it. A single label that is a key's id tells which key the
    /// version holds; two such labels are somebody's doing and tell nothing.
    pub fn new(id: impl Into<String>, stages: impl IntoIterator<Item = String>) -> Self {
        let stages: BTreeSet<String> = stages.into_iter().collect();
        let mut labels = stages.iter().filter_map(|stage| AccessKeyId::from_label(stage));
        let key = match (labels.next(), labels.next()) {
            (Some(key), None) => Some(key),
            _ => None,
        };
        Self { id: id.into(), stages, key }
    }

    /// Whether it carries a label.
    pub fn has(&self, stage: &str) -> bool {
        self.stages.contains(stage)
    }

    /// Whether it carries its own key's id as a label.
    pub fn is_labelled(&self) -> bool {
        self.key.as_ref().is_some_and(|key| self.has(key.as_str()))
    }
}

/// A secret as DescribeSecret and ListSecrets show it: no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretState {
    /// Its full ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether rotation is turned on.
    pub rotation_enabled: bool,
    /// The function it is rotated by; kept by Secrets Manager while rotation is turned off.
    pub rotation_function: Option<String>,
    /// Whether Secrets Manager rotates it by a schedule of its own.
    pub rotation_scheduled: bool,
    /// When that schedule has it rotated next.
    pub next_rotation: Option<Timestamp>,
    /// When anything about it was last changed.
    pub changed: Option<Timestamp>,
    /// When Secrets Manager last completed a rotation.
    pub last_rotated: Option<Timestamp>,
    /// When it was, or will be, deleted; it can be read no longer.
    pub deleted: Option<Timestamp>,
    /// The customer key it is encrypted under; `None`: the account's default.
    pub kms_key_id: Option<String>,
    /// Its versions that carry a label.
    pub versions: Vec<Version>,
}

impl SecretState {
    /// The version that carries a label; a label is on one version only.
    pub fn staged(&self, stage: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.has(stage))
    }

    /// The version of a rotation that has not ended. One that was current before and is no longer has
    /// been rolled back, whatever label its rotation left on it.
    pub fn unfinished(&self) -> Option<&Version> {
        self.staged(AWSPENDING).filter(|version| !version.has(AWSCURRENT) && !version.has(AWSPREVIOUS))
    }

    /// The version with an id.
    pub fn version(&self, id: &ClientRequestToken) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id.as_str())
    }

    /// The version that consumers read.
    pub fn current(&self) -> Option<&Version> {
        self.staged(AWSCURRENT)
    }

    /// The version that holds a key; AWSCURRENT first, should two hold the same.
    pub fn holder(&self, key: &AccessKeyId) -> Option<&Version> {
        let holds = |version: &&Version| version.key.as_ref() == Some(key);
        self.current().filter(holds).or_else(|| self.versions.iter().find(holds))
    }

    /// Every key that a label names: rotations attach them.
    pub fn labelled_keys(&self) -> BTreeSet<AccessKeyId> {
        let stages = self.versions.iter().flat_map(|version| &version.stages);
        stages.filter_map(|stage| AccessKeyId::from_label(stage)).collect()
    }

    /// Every key that a version holds or that a label names.
    pub fn named_keys(&self) -> BTreeSet<AccessKeyId> {
        let held = self.versions.iter().filter_map(|version| version.key.clone());
        self.labelled_keys().into_iter().chain(held).collect()
    }

    /// The record that an attempt of this rotation, or of the one before it, left.
    ///
    /// It is a tag, which others may write. So it is believed only within [its bounds](Intent::bounded),
    /// and only if it names the version that is being made; the current one, with attempts from before its
    /// rotation ended; or one that is no longer there and was begun after the last rotation ended, because
    /// somebody has taken AWSPENDING off it.
    pub fn intent(&self, now: Timestamp) -> Option<Intent> {
        let intent = Intent::from_tag(self.tags.get(TAG_INTENT)?)?.bounded(now)?;
        let since_last = |attempt: &Timestamp| self.last_rotated.is_none_or(|ended| *attempt >= ended);
        let before_end = |attempt: &Timestamp| self.last_rotated.is_none_or(|ended| *attempt <= ended);
        let ours = match self.version(&intent.token) {
            Some(version) if version.has(AWSPENDING) => true,
            Some(version) => version.has(AWSCURRENT) && intent.attempts.iter().all(before_end),
            None => intent.attempts.iter().all(since_last),
        };
        ours.then_some(intent)
    }

    /// Notes which key a version holds, as its value tells.
    pub fn note_key(&mut self, version: &str, key: Option<AccessKeyId>) {
        if let Some(seen) = self.versions.iter_mut().find(|seen| seen.id == version) {
            seen.key = key;
        }
    }

    /// The ARN's partition, region and account.
    pub fn home(&self) -> (&str, &str, &str) {
        let mut parts = self.arn.split(':').skip(1);
        let mut next = || parts.next().unwrap_or_default();
        let (partition, _service, region, account) = (next(), next(), next(), next());
        (partition, region, account)
    }
}

/// All that one step of one rotation is planned from.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The time of the observation, by AWS's clock.
    pub now: Timestamp,
    /// The version being made.
    pub token: ClientRequestToken,
    /// The secret.
    pub secret: SecretState,
    /// The user it is bound to.
    pub user: UserRef,
    /// All of the user's keys; empty where the step does not ask.
    pub keys: Vec<AccessKey>,
    /// AWSCURRENT's value; `None` when it has none, or the step does not ask.
    pub current: Option<SecretDocument>,
    /// The value of the version being made; `None` when it has none, or the step does not ask.
    pub pending: Option<SecretDocument>,
    /// Whether STS accepts the key of the version being made in every test region; `false` when the step
    /// does not ask.
    pub accepted: bool,
    /// Whether a rotation stores SMTP credentials alone, as AWSCURRENT's value and the configured shape have it;
    /// `false` when the step does not ask.
    pub stores_smtp: bool,
    /// What the user's side and other secrets say; empty where the step does not ask.
    pub claims: Claims,
}

impl Observation {
    /// What lists and staging labels tell, without a look into any value. The version being made is
    /// that of a rotation that has not ended.
    pub fn of_lists(secret: SecretState, user: UserRef, keys: Vec<AccessKey>, now: Timestamp) -> Self {
        Self {
            now,
            token: ClientRequestToken::new(secret.unfinished().map_or("", |version| &version.id)),
            secret,
            user,
            keys,
            current: None,
            pending: None,
            accepted: false,
            stores_smtp: false,
            claims: Claims::default(),
        }
    }

    /// The record that an attempt of this rotation, or of the one before it, left.
    pub fn intent(&self) -> Option<Intent> {
        self.secret.intent(self.now)
    }

    /// Keys that an attempt of ours made and nobody holds the secret of.
    ///
    /// None, where more keys fit the intent than its attempts can have made: some of them are then
    /// somebody else's, and which cannot be told.
    pub fn orphans(&self) -> Vec<&AccessKey> {
        let Some(intent) = self.intent() else { return Vec::new() };
        let stored = self.secret.version(&intent.token).is_some_and(|version| version.key.is_some());
        let unaccounted = intent.attempts.len().saturating_sub(usize::from(stored));
        let unheld = self.keys.iter().filter(|key| self.secret.holder(&key.id).is_none());
        let explained: Vec<_> = unheld.filter(|key| intent.explains(key)).collect();
        if explained.len() > unaccounted {
            return Vec::new();
        }
        // Nothing shows any more that the rotation of a vanished version ever was.
        let vanished = self.secret.version(&intent.token).is_none();
        let ripe = |key: &&AccessKey| !vanished || self.now.duration_since(key.created) >= VANISHED_PATIENCE;
        // A rotation makes no key after the one that it promotes.
        let promoted = self.secret.current().filter(|current| current.id == intent.token.as_str());
        let promoted = promoted.and_then(|version| version.key.as_ref());
        let end = self.keys.iter().find(|key| Some(&key.id) == promoted).map(|key| key.created);
        let in_time = |key: &&AccessKey| end.is_none_or(|end| key.created < end);
        // A key of SMTP credentials is proved before it is stored, and a crash may come in between.
        let never_used =
            |key: &&AccessKey| key.last_use == Some(LastUse::Never) || (self.stores_smtp && key.is_unused());
        let unused = explained.into_iter().filter(never_used);
        unused.filter(ripe).filter(in_time).collect()
    }

    /// Notes when keys were last used.
    pub fn note_last_uses(&mut self, uses: Vec<(AccessKeyId, LastUse)>) {
        for (id, last_use) in uses {
            if let Some(key) = self.keys.iter_mut().find(|key| key.id == id) {
                key.last_use = Some(last_use);
            }
        }
    }

    /// What a key of the user is to the secret.
    pub fn role(&self, key: &AccessKey) -> KeyRole {
        let Some(holder) = self.secret.holder(&key.id) else {
            let orphan = self.orphans().iter().any(|orphan| orphan.id == key.id);
            return if orphan { KeyRole::Orphan } else { KeyRole::Unknown };
        };
        if holder.has(AWSCURRENT) {
            KeyRole::Current
        } else if holder.id == self.token.as_str() && holder.has(AWSPENDING) {
            KeyRole::Pending
        } else if holder.has(AWSPREVIOUS) || !self.is_younger_than_current(key) {
            KeyRole::Previous
        } else {
            KeyRole::Abandoned
        }
    }

    /// When the current version became current, so far as can be told: the end of the rotation
    /// that made it, or at the latest the creation of its key.
    pub fn current_since(&self) -> Option<Timestamp> {
        let current = self.secret.current()?.key.as_ref()?;
        let created = self.keys.iter().find(|key| key.id == *current)?.created;
        Some(self.secret.last_rotated.map_or(created, |rotated| rotated.max(created)))
    }

    fn is_younger_than_current(&self, key: &AccessKey) -> bool {
        let current = self.secret.current().and_then(|version| version.key.as_ref());
        self.keys.iter().filter(|other| Some(&other.id) == current).any(|other| key.created > other.created)
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
        let user = UserRef::parse("ci", "aws", "111122223333").unwrap();
        let seen = Observation::of_lists(secret, user, vec![key.clone()], Timestamp::UNIX_EPOCH);
        seen.role(&key)
    }

    #[test]
    fn a_version_that_was_rolled_back_is_not_being_made() {
        assert_eq!(role_of_new(&[AWSPENDING]), KeyRole::Pending);
        assert_eq!(role_of_new(&[AWSPENDING, AWSPREVIOUS]), KeyRole::Previous);
    }
}
