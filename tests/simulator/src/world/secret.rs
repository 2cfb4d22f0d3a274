//! A secret, its versions and their staging labels.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html>

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

pub(crate) const CURRENT: &str = "AWSCURRENT";
pub(crate) const PENDING: &str = "AWSPENDING";
pub(crate) const PREVIOUS: &str = "AWSPREVIOUS";

/// How long a version without labels can still be read by its id.
const DEPRECATED_KEPT: Duration = Duration::from_secs(24 * 3600);

/// The value of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretValue {
    /// `SecretString`.
    Text(String),
    /// `SecretBinary`, in base64 as on the wire.
    Binary(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub id: String,
    /// `None`: staged by the rotation engine and not filled yet.
    pub value: Option<SecretValue>,
    pub stages: BTreeSet<String>,
    pub created: SystemTime,
    pub unlabelled_since: Option<SystemTime>,
    pub accessed: Option<SystemTime>,
}

/// How a secret rotates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rotation {
    pub enabled: bool,
    pub function_arn: Option<String>,
    pub rules: Option<Value>,
    pub next: Option<SystemTime>,
}

/// A rotation that has begun and has not succeeded.
#[derive(Clone, Debug)]
pub(crate) struct Ongoing {
    pub token: String,
    pub rotation_token: Option<String>,
    /// Whether the engine is at it now (otherwise it waits to be re-attempted).
    pub running: bool,
    /// RotateImmediately=false: only testSecret.
    pub test_only: bool,
    /// Abandoned or cancelled while running: no further step is invoked.
    pub stopped: bool,
}

/// A region that a secret is replicated to.
#[derive(Clone, Debug)]
pub(crate) struct Replica {
    pub region: String,
    pub kms_key_id: Option<String>,
    /// Why there is no secret in that region.
    pub failure: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Secret {
    pub arn: String,
    pub name: String,
    pub description: Option<String>,
    pub kms_key_id: Option<String>,
    pub created: SystemTime,
    pub changed: SystemTime,
    pub accessed: Option<SystemTime>,
    pub rotated: Option<SystemTime>,
    pub deleted: Option<SystemTime>,
    pub rotation: Rotation,
    pub ongoing: Option<Ongoing>,
    pub tags: Vec<(String, String)>,
    pub versions: Vec<Version>,
    pub policy: Option<String>,
    /// Of a replica: the region of its primary.
    pub primary: Option<String>,
    /// Where it is replicated to.
    pub replicas: Vec<Replica>,
    /// What ListSecrets would have answered, and since when.
    pub history: VecDeque<(SystemTime, Value)>,
    /// What a read of this secret may still show, and since when: itself, without a past.
    pub past: VecDeque<(SystemTime, Arc<Secret>)>,
}

impl Secret {
    pub(crate) fn new(arn: String, name: String, now: SystemTime) -> Self {
        Self {
            arn,
            name,
            description: None,
            kms_key_id: None,
            created: now,
            changed: now,
            accessed: None,
            rotated: None,
            deleted: None,
            rotation: Rotation::default(),
            ongoing: None,
            tags: Vec::new(),
            versions: Vec::new(),
            policy: None,
            primary: None,
            replicas: Vec::new(),
            history: VecDeque::new(),
            past: VecDeque::new(),
        }
    }

    /// Notes its present state for reads that lag behind; before a change only if nothing is noted yet.
    pub(crate) fn note_past(&mut self, now: SystemTime, before: bool, lag: Duration) {
        if lag.is_zero() {
            self.past.clear();
        }
        if lag.is_zero() || (before && !self.past.is_empty()) {
            return;
        }
        let since = if before { SystemTime::UNIX_EPOCH } else { now };
        self.past.push_back((since, self.present()));
        while self.past.get(1).is_some_and(|(at, _)| *at + lag <= now) {
            self.past.pop_front();
        }
    }

    /// Its present state, without what it was before.
    fn present(&self) -> Arc<Self> {
        let mut copy = self.clone();
        copy.history.clear();
        copy.past.clear();
        Arc::new(copy)
    }

    /// The states that a read may show, oldest first: what held at any time within the lag. `None`
    /// among them: it did not exist yet.
    pub(crate) fn seen_within(&self, now: SystemTime, lag: Duration) -> Vec<Option<Arc<Self>>> {
        if lag.is_zero() || self.past.is_empty() {
            return vec![Some(self.present())];
        }
        let settled = self.past.iter().rposition(|(since, _)| *since + lag <= now);
        let missing = (settled.is_none() && !self.past.is_empty()).then_some(None);
        let states = self.past.iter().skip(settled.unwrap_or(0)).map(|(_, state)| Some(state.clone()));
        missing.into_iter().chain(states).collect()
    }

    /// Of a secret in several regions: the one where it can be changed.
    pub(crate) fn primary_region(&self) -> Option<&str> {
        let own = self.arn.split(':').nth(3).filter(|_| !self.replicas.is_empty());
        self.primary.as_deref().or(own)
    }

    pub(crate) fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    pub(crate) fn version_mut(&mut self, id: &str) -> Option<&mut Version> {
        self.versions.iter_mut().find(|version| version.id == id)
    }

    /// The version that has the label: a label is on one version at most.
    pub(crate) fn holder(&self, label: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.stages.contains(label))
    }

    pub(crate) fn holder_id(&self, label: &str) -> Option<String> {
        self.holder(label).map(|version| version.id.clone())
    }

    pub(crate) fn has_label(&self, id: &str, label: &str) -> bool {
        self.version(id).is_some_and(|version| version.stages.contains(label))
    }

    pub(crate) fn label_count(&self) -> usize {
        self.versions.iter().map(|version| version.stages.len()).sum()
    }

    /// AWSPENDING on a version that is not AWSCURRENT: the last rotation did not complete.
    pub(crate) fn incomplete_rotation(&self) -> Option<String> {
        self.holder(PENDING)
            .filter(|version| !version.stages.contains(CURRENT))
            .map(|version| version.id.clone())
    }

    pub(crate) fn add_version(&mut self, id: &str, value: Option<SecretValue>, now: SystemTime) {
        self.versions.push(Version {
            id: id.to_owned(),
            value,
            stages: BTreeSet::new(),
            created: now,
            unlabelled_since: Some(now),
            accessed: None,
        });
    }

    /// Moves a label to a version. AWSPREVIOUS follows AWSCURRENT by itself.
    pub(crate) fn attach(&mut self, label: &str, id: &str, now: SystemTime) {
        let before = self.holder_id(label);
        if before.as_deref() == Some(id) {
            return;
        }
        self.detach(label, now);
        if let Some(version) = self.version_mut(id) {
            version.stages.insert(label.to_owned());
            version.unlabelled_since = None;
        }
        if label == CURRENT
            && let Some(before) = before
        {
            self.attach(PREVIOUS, &before, now);
        }
    }

    pub(crate) fn detach(&mut self, label: &str, now: SystemTime) {
        for version in &mut self.versions {
            if version.stages.remove(label) && version.stages.is_empty() {
                version.unlabelled_since = Some(now);
            }
        }
    }

    /// Removes versions that have been without a label for a day, and those that never got a value
    /// and lost their label.
    pub(crate) fn purge(&mut self, now: SystemTime) {
        self.versions.retain(|version| {
            version
                .unlabelled_since
                .is_none_or(|since| version.value.is_some() && now < since + DEPRECATED_KEPT)
        });
    }
}
