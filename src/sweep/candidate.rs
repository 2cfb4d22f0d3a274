//! A user whom a sweep may visit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::config::SweepConfig;
use crate::model::{AccessKey, AccessKeyId, OtherSecret, ReportedKey, SecretState, UserRef};
use crate::plan::sweep::Triage;

/// A user with a secret of ours, or without one.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) user: UserRef,
    /// The user's enrolled secrets, and what a visit that broke off has created, least ARN first: one, if
    /// all is well.
    pub(crate) secrets: Vec<String>,
    /// The keys that the labels of each of those secrets name.
    pub(crate) labels: BTreeMap<String, BTreeSet<AccessKeyId>>,
    /// Secrets whose tag names the user and that nobody enrolled.
    pub(crate) not_enrolled: Vec<SecretState>,
    /// Which keys the account's secrets hold in AWSCURRENT, as their labels tell.
    pub(crate) held: Arc<Held>,
    /// What the lists show.
    pub(crate) triage: Triage,
    /// Whether the user is in the exempt group.
    pub(crate) in_exempt_group: bool,
    /// What the lists show of the user, where the survey keeps it.
    pub(super) listed: Option<Listed>,
}

/// A user as lists show it.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// The keys of the credential report.
    pub(super) keys: Vec<ReportedKey>,
    /// The secret that is the user's by its tag or name.
    pub(super) secret: Option<SecretState>,
}

/// The keys that labels on AWSCURRENT versions name, each with the secrets.
pub(crate) type Held = HashMap<AccessKeyId, Vec<OtherSecret>>;

/// Notes which key a secret's AWSCURRENT holds, as its label tells.
pub(super) fn note_held(config: &SweepConfig, secret: &SecretState, held: &mut Held) {
    if let Some(key) = secret.current().and_then(|version| version.key.clone()) {
        let enrolled = config.is_enrolled(secret) || config.lists(secret);
        let other = OtherSecret { arn: secret.arn.clone(), key: Some(key.clone()), enrolled };
        held.entry(key).or_default().push(other);
    }
}

impl Candidate {
    /// Adds a secret of the user.
    pub(super) fn add(&mut self, secret: &SecretState) {
        self.labels.insert(secret.arn.clone(), secret.labelled_keys());
        self.secrets.push(secret.arn.clone());
        self.secrets.sort();
    }

    /// Whether the labels of a secret name keys, and none of these: then it holds somebody else's.
    pub(super) fn is_strange(&self, arn: &str, keys: &[AccessKey]) -> bool {
        let labels = self.labels.get(arn);
        labels.is_some_and(|labels| !labels.is_empty() && !keys.iter().any(|key| labels.contains(&key.id)))
    }

    /// The ARNs of all secrets that name the user, enrolled or not.
    pub(crate) fn all_secrets(&self) -> impl Iterator<Item = &str> {
        let tagged = self.not_enrolled.iter().map(|secret| secret.arn.as_str());
        self.secrets.iter().map(String::as_str).chain(tagged)
    }

    /// A user without a secret, of whom nothing more is known.
    pub(super) fn new(user: UserRef, in_exempt_group: bool) -> Self {
        Self {
            user,
            secrets: Vec::new(),
            labels: BTreeMap::new(),
            not_enrolled: Vec::new(),
            held: Arc::default(),
            triage: Triage::default(),
            in_exempt_group,
            listed: None,
        }
    }
}
