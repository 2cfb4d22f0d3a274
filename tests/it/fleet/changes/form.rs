//! What becomes of a user, with every key id replaced by what the key is.

use std::collections::BTreeMap;

use iam_key_rotator::model::{Intent, Ledger, Note};
use jiff::Timestamp;

use super::ACCOUNT;
use super::life::Life;
use super::watch::current_pair;

/// One user's keys, and all that is written on its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    keys: Vec<(String, bool)>,
    secrets: usize,
    rotates_with: Option<String>,
    /// The labels of each version that has more than AWSPREVIOUS.
    versions: Vec<Vec<String>>,
    /// The record of a rotation that is not the current version's.
    intent: bool,
    refused: bool,
    ledger: Vec<String>,
    findings: Vec<String>,
}

impl Form {
    /// Whether there is no key and no label that is not there otherwise, whatever is due. A rotation by hand may have
    /// deleted an inactive key in no version to make room.
    pub(super) fn adds_nothing_to(&self, other: &Option<Self>) -> bool {
        other.as_ref().is_some_and(|other| {
            self.keys.iter().all(|key| other.keys.contains(key)) && self.versions == other.versions
        })
    }

    /// The same, but for the record of a rotation that was given up: the next rotation overwrites it.
    pub(super) fn without_record(&self) -> Self {
        Self { intent: false, ..self.clone() }
    }

    /// How much there is.
    pub(super) fn size(&self) -> usize {
        self.keys.len() + self.findings.len() + self.ledger.len()
    }

    /// A secret that a sweep has made and that was never rotated. Under another ROTATOR_SECRET_NAME the sweep cannot
    /// tell it from a stranger's, and a person enrolls it; in `retire` it waits for `enforce` (docs/fleet.md).
    pub(super) fn waits_for_a_person(&self) -> bool {
        self.secrets > 0 && self.rotates_with.is_none()
    }

    pub(super) fn of(life: &Life, user: &'static str) -> Self {
        let secret = life.secret_of(user);
        let current = secret.as_ref().and_then(current_pair).map(|(id, _)| id);
        let by_hand = life.watch().by_hand.clone();
        let keys = life.sim().keys(ACCOUNT, user);
        let role = |id: &str| {
            let held = secret.as_ref().is_some_and(|secret| secret.stage(id).is_some());
            let known = keys.iter().any(|key| key.id == id);
            let role = match (current.as_deref() == Some(id), held, by_hand.contains(id)) {
                _ if !known => "gone",
                (true, ..) => "current",
                (false, true, _) => "held",
                (false, false, true) => "stranger",
                (false, false, false) => "lost",
            };
            role.to_owned()
        };
        let mut form = Self {
            keys: keys.iter().map(|key| (role(&key.id), key.active)).collect(),
            secrets: super::secrets(life.sim(), user).len(),
            rotates_with: None,
            versions: Vec::new(),
            intent: false,
            refused: false,
            ledger: Vec::new(),
            findings: life.found.get(user).into_iter().flatten().map(|line| finding(line, &role)).collect(),
        };
        form.keys.sort();
        form.findings.sort();
        let Some(secret) = &secret else { return form };
        form.rotates_with.clone_from(&secret.rotation_function);
        for version in &secret.versions {
            let is_key = |label: &&String| label.starts_with("AKIA");
            let mut labels: Vec<String> = version.stages.iter().filter(is_key).map(|id| role(id)).collect();
            labels.extend(
                version.stages.iter().filter(|label| !is_key(label) && *label != "AWSPREVIOUS").cloned(),
            );
            if !labels.is_empty() {
                form.versions.push(labels);
            }
        }
        form.versions.sort();
        let intent = secret.tags.get("iam-key-rotator:intent").and_then(|tag| Intent::from_tag(tag));
        form.intent = intent.is_some_and(|intent| {
            let holder = secret.version(intent.token.as_str());
            !holder.is_some_and(|version| version.stages.contains("AWSCURRENT"))
        });
        form.refused = secret.tags.contains_key("iam-key-rotator:refused");
        // A sweep that does not act on a user forgets nothing either.
        let remembers = super::end::may_act(life, user);
        let notices = secret.tags.get("iam-key-rotator:notices").filter(|_| remembers);
        form.ledger = ledger(notices, &role);
        form
    }
}

/// The kind of a finding, and what its key is.
fn finding(line: &str, role: &impl Fn(&str) -> String) -> String {
    let (head, _) = line.split_once(": ").unwrap_or((line, ""));
    match head.split_once(' ') {
        Some((kind, key)) => format!("{kind} {}", role(key)),
        None => head.to_owned(),
    }
}

/// What is remembered of each key, without dates. That a user was enrolled with a key, and that a rotation was
/// reported, is remembered as long as the key is there.
fn ledger(tag: Option<&String>, role: &impl Fn(&str) -> String) -> Vec<String> {
    let Some(tag) = tag else { return Vec::new() };
    let ledger = Ledger::from_tag(tag, Timestamp::MAX);
    let mut entries: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, entry) in ledger.keys() {
        let kept = entry
            .notes
            .iter()
            .filter(|note| !matches!(note, Note::Adopted | Note::Promoted | Note::RotationComing));
        let mut noted: Vec<String> = kept.map(|note| format!("{note:?}")).collect();
        noted.extend(entry.inactive_since.map(|_| "inactive".to_owned()));
        noted.extend(entry.active_again.map(|_| "active again".to_owned()));
        if !noted.is_empty() {
            entries.entry(role(key.as_str())).or_default().extend(noted);
        }
    }
    if ledger.unfinished_since().is_some() {
        entries.entry("the secret".to_owned()).or_default().push("unfinished".to_owned());
    }
    entries.into_iter().map(|(key, noted)| format!("{key}: {}", noted.join(", "))).collect()
}
