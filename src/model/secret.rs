//! A secret and its versions, as AWS shows them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::names::{AWSCURRENT, AWSPENDING, AWSPREVIOUS, TAG_INTENT};
use super::{AccessKeyId, Arn, Intent, VersionId};

/// One version of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub(crate) id: VersionId,
    /// Its staging labels.
    pub(crate) stages: BTreeSet<String>,
    /// The key it holds, by its label or by its value; `None` if neither told.
    pub key: Option<AccessKeyId>,
}

impl Version {
    /// A version as DescribeSecret shows it. A single label that is a key's id tells which key the
    /// version holds; two such labels are somebody's doing and tell nothing.
    pub fn new(id: impl Into<VersionId>, stages: impl IntoIterator<Item = String>) -> Self {
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
    pub(crate) fn is_labelled(&self) -> bool {
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
    /// When it was made.
    pub created: Option<Timestamp>,
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
    pub(crate) fn staged(&self, stage: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.has(stage))
    }

    /// What AWSPENDING says about a rotation.
    pub(crate) fn pending(&self) -> Pending<'_> {
        match self.staged(AWSPENDING) {
            None => Pending::None,
            Some(version) if version.has(AWSCURRENT) => Pending::Promoted(version),
            Some(version) if version.has(AWSPREVIOUS) => Pending::RolledBack(version),
            Some(version) => Pending::Unfinished(version),
        }
    }

    pub(crate) fn version(&self, id: &VersionId) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == *id)
    }

    /// The version that consumers read.
    pub(crate) fn current(&self) -> Option<&Version> {
        self.staged(AWSCURRENT)
    }

    /// The version that holds a key; AWSCURRENT first, should two hold the same.
    pub(crate) fn holder(&self, key: &AccessKeyId) -> Option<&Version> {
        let holds = |version: &&Version| version.key.as_ref() == Some(key);
        self.current().filter(holds).or_else(|| self.versions.iter().find(holds))
    }

    /// Every key that a label names: rotations attach them.
    pub(crate) fn labelled_keys(&self) -> BTreeSet<AccessKeyId> {
        let stages = self.versions.iter().flat_map(|version| &version.stages);
        stages.filter_map(|stage| AccessKeyId::from_label(stage)).collect()
    }

    /// Every key that a version holds or that a label names.
    pub(crate) fn named_keys(&self) -> BTreeSet<AccessKeyId> {
        let held = self.versions.iter().filter_map(|version| version.key.clone());
        self.labelled_keys().into_iter().chain(held).collect()
    }

    /// The record that an attempt of this rotation, or of the one before it, left.
    ///
    /// It is a tag, which others may write. So it is believed only within [its bounds](Intent::bounded),
    /// and only if it names the version that is being made; the current one, with attempts from before its
    /// rotation ended; or one that is no longer there and was begun after the last rotation ended, because
    /// somebody has taken AWSPENDING off it.
    pub(crate) fn intent(&self, now: Timestamp) -> Option<Intent> {
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

    /// Whether the record of a version's attempts is still written there. Others may write the tag, so this is enough
    /// for what may be repeated, such as a mail, and not for what takes a key away.
    pub(crate) fn has_open_intent(&self, token: &VersionId, now: Timestamp) -> bool {
        let tag = self.tags.get(TAG_INTENT).and_then(|tag| Intent::from_tag(tag)?.bounded(now));
        tag.is_some_and(|intent| intent.token == *token)
    }

    /// Notes which key a version holds, as its value tells.
    pub(crate) fn note_key(&mut self, version: &VersionId, key: Option<AccessKeyId>) {
        if let Some(seen) = self.versions.iter_mut().find(|seen| seen.id == *version) {
            seen.key = key;
        }
    }

    /// The ARN's partition, region and account.
    pub(crate) fn home(&self) -> (&str, &str, &str) {
        Arn::parse(&self.arn).map_or(("", "", ""), |arn| (arn.partition, arn.region, arn.account))
    }
}

/// The version that AWSPENDING is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending<'a> {
    /// There is none.
    None,
    /// A rotation is making it.
    Unfinished(&'a Version),
    /// It is AWSCURRENT: its rotation ended, and the label was left on it.
    Promoted(&'a Version),
    /// It was AWSCURRENT before, and somebody moved AWSCURRENT back: no rotation makes it.
    RolledBack(&'a Version),
}

impl<'a> Pending<'a> {
    /// The version that a rotation is making.
    pub(crate) fn unfinished(self) -> Option<&'a Version> {
        match self {
            Self::Unfinished(version) => Some(version),
            _ => None,
        }
    }

    /// The version that is not AWSCURRENT, whether a rotation makes it or it was rolled back.
    pub(crate) fn not_current(self) -> Option<&'a Version> {
        match self {
            Self::Unfinished(version) | Self::RolledBack(version) => Some(version),
            _ => None,
        }
    }

    /// The version, whatever became of it.
    pub(crate) fn version(self) -> Option<&'a Version> {
        match self {
            Self::None => None,
            Self::Unfinished(version) | Self::Promoted(version) | Self::RolledBack(version) => Some(version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    /// A secret whose last rotation ended at second 100, and whose intent for version v2 has one attempt.
    fn believes(stages: Option<&[&str]>, attempt: i64) -> bool {
        let intent = Intent { token: VersionId::new("v2"), attempts: vec![at(attempt)], listed: Vec::new() };
        let version = |stages: &[&str]| Version::new("v2", stages.iter().map(|stage| (*stage).to_owned()));
        let secret = SecretState {
            tags: [(TAG_INTENT.to_owned(), intent.to_tag())].into(),
            versions: stages.map(version).into_iter().collect(),
            last_rotated: Some(at(100)),
            ..SecretState::default()
        };
        secret.intent(at(1_000)).is_some()
    }

    #[test]
    fn an_intent_is_believed_only_of_the_version_that_can_have_left_it() {
        // The version that is being made.
        assert!(believes(Some(&[AWSPENDING]), 50) && believes(Some(&[AWSPENDING]), 200));
        // The current one, from before its rotation ended.
        assert!(believes(Some(&[AWSCURRENT]), 100) && !believes(Some(&[AWSCURRENT]), 101));
        // One that is gone, begun after the last rotation ended.
        assert!(believes(None, 100) && !believes(None, 99));
        // One that is neither.
        assert!(!believes(Some(&[AWSPREVIOUS]), 50) && !believes(Some(&[KEY]), 200));
    }

    #[test]
    fn a_value_says_which_key_its_own_version_holds() {
        let versions = ["v1", "v2"].map(|id| Version::new(id, [])).to_vec();
        let mut secret = SecretState { versions, ..SecretState::default() };
        secret.note_key(&VersionId::new("v2"), Some(AccessKeyId::new(KEY)));
        assert_eq!(secret.holder(&AccessKeyId::new(KEY)).map(|version| version.id.as_str()), Some("v2"));
    }
}
