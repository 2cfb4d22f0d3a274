//! Secrets, their versions and labels.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use crate::Simulator;
use crate::secretsmanager::{insert_secret, note_listing, store_value};
use crate::simulator::State;
use crate::world::secret::{Ongoing, PENDING, Secret, SecretValue};
use crate::world::store::arn_home;

/// A secret as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretView {
    /// The full ARN.
    pub arn: String,
    /// The name.
    pub name: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// RotationEnabled.
    pub rotation_enabled: bool,
    /// LastRotatedDate.
    pub last_rotated: Option<SystemTime>,
    /// NextRotationDate.
    pub next_rotation: Option<SystemTime>,
    /// The resource policy.
    pub policy: Option<String>,
    /// The versions, oldest first, deprecated ones included.
    pub versions: Vec<VersionView>,
}

/// A version as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionView {
    /// VersionId.
    pub id: String,
    /// Staging labels.
    pub stages: BTreeSet<String>,
    /// `None`: staged by the rotation engine, not filled yet.
    pub value: Option<SecretValue>,
    /// CreatedDate.
    pub created: SystemTime,
}

impl VersionView {
    /// The SecretString, if there is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Some(SecretValue::Text(text)) => Some(text),
            _ => None,
        }
    }
}

impl SecretView {
    /// The version that has this label.
    #[must_use]
    pub fn stage(&self, label: &str) -> Option<&VersionView> {
        self.versions.iter().find(|version| version.stages.contains(label))
    }

    /// The version of this id.
    #[must_use]
    pub fn version(&self, id: &str) -> Option<&VersionView> {
        self.versions.iter().find(|version| version.id == id)
    }
}

impl Simulator {
    /// Makes a secret in the main account and region, and answers with its ARN.
    ///
    /// # Panics
    /// When the name is taken.
    pub fn create_secret(&self, name: &str, value: Option<&str>, tags: &[(&str, &str)]) -> String {
        let options = self.options();
        self.create_secret_in(&options.account, &options.region, name, value, tags)
    }

    /// Makes a secret anywhere, and answers with its ARN.
    ///
    /// # Panics
    /// When the name is taken.
    pub fn create_secret_in(
        &self,
        account: &str,
        region: &str,
        name: &str,
        value: Option<&str>,
        tags: &[(&str, &str)],
    ) -> String {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let arn = self.with(|state| {
            let now = state.clock.now();
            let taken = state.world.store(account, region).has_name(name);
            assert!(!taken, "there is a secret named {name} already");
            insert_secret(&mut state.world, account, region, name, tags, now)
        });
        if let Some(value) = value {
            self.put_secret_value(&arn, value);
        }
        self.change(&arn, |_, _| ());
        arn
    }

    /// A new version under AWSCURRENT, put by an administrator; answers with its id. A rotation in
    /// progress is abandoned.
    ///
    /// # Panics
    /// When there is no such secret, or it is full.
    pub fn put_secret_value(&self, arn: &str, value: &str) -> String {
        let id = self.with(|state| state.world.ids.uuid("version-id"));
        let value = SecretValue::Text(value.to_owned());
        let (now, abandoned) = self.change(arn, |secret, now| {
            let stored = store_value(secret, &id, value, None, now);
            let stored = stored.unwrap_or_else(|error| panic!("{}", error.message));
            (now, stored.abandoned)
        });
        self.with(|state| state.world.note_abandoned(arn, abandoned, now));
        id
    }

    /// The secret as it is.
    ///
    /// # Panics
    /// When there is no such secret.
    #[must_use]
    pub fn secret(&self, arn: &str) -> SecretView {
        self.change(arn, |secret, _| SecretView {
            arn: secret.arn.clone(),
            name: secret.name.clone(),
            tags: secret.tags.iter().cloned().collect(),
            rotation_enabled: secret.rotation.enabled,
            last_rotated: secret.rotated,
            next_rotation: secret.rotation.next,
            policy: secret.policy.clone(),
            versions: secret
                .versions
                .iter()
                .map(|version| VersionView {
                    id: version.id.clone(),
                    stages: version.stages.clone(),
                    value: version.value.clone(),
                    created: version.created,
                })
                .collect(),
        })
    }

    /// The ARNs of all secrets of an account in a region, in the order of their creation.
    #[must_use]
    pub fn secret_arns(&self, account: &str, region: &str) -> Vec<String> {
        self.with(|state| {
            let secrets = state.world.store(account, region).secrets.values();
            secrets.map(|secret| secret.arn.clone()).collect()
        })
    }

    /// Sets a tag of a secret.
    ///
    /// # Panics
    /// When there is no such secret.
    pub fn tag_secret(&self, arn: &str, key: &str, value: &str) {
        self.change(arn, |secret, _| {
            secret.tags.retain(|(existing, _)| existing != key);
            secret.tags.push((key.to_owned(), value.to_owned()));
        });
    }

    /// Moves a label to a version, whatever the rules say (AWSPREVIOUS follows AWSCURRENT).
    ///
    /// # Panics
    /// When there is no such secret.
    pub fn set_label(&self, arn: &str, version: &str, label: &str) {
        self.change(arn, |secret, now| secret.attach(label, version, now));
    }

    /// Takes a label from a version, whatever the rules say.
    ///
    /// # Panics
    /// When there is no such secret.
    pub fn remove_label(&self, arn: &str, version: &str, label: &str) {
        self.change(arn, |secret, now| {
            if secret.has_label(version, label) {
                secret.detach(label, now);
            }
        });
    }

    /// Enables rotation by that function, without rotating.
    ///
    /// # Panics
    /// When there is no such secret.
    pub fn set_rotation(&self, arn: &str, function_arn: &str) {
        self.change(arn, |secret, _| {
            secret.rotation.enabled = true;
            secret.rotation.function_arn = Some(function_arn.to_owned());
        });
    }

    /// `AutomaticallyAfterDays`, counted from the last rotation or from now.
    ///
    /// # Panics
    /// When there is no such secret.
    pub fn set_rotation_days(&self, arn: &str, days: u32) {
        self.change(arn, |secret, now| {
            let rules = serde_json::json!({"AutomaticallyAfterDays": days});
            let last = secret.rotated.unwrap_or(now);
            secret.rotation.next = crate::rotation::schedule::next(Some(&rules), last, now);
            secret.rotation.rules = Some(rules);
        });
    }

    /// Turns rotation off.
    ///
    /// # Panics
    /// When there is no such secret.
    pub fn disable_rotation(&self, arn: &str) {
        self.change(arn, |secret, _| secret.rotation.enabled = false);
    }

    /// Stages a version without a value under AWSPENDING, as AWS does before the first step: for
    /// tests that call the steps by hand. With a RotationToken, PutSecretValue demands it.
    ///
    /// # Panics
    /// When there is no such secret.
    pub fn stage_pending(&self, secret_arn: &str, token: &str, rotation_token: Option<&str>) {
        self.change(secret_arn, |secret, now| {
            if secret.version(token).is_none() {
                secret.add_version(token, None, now);
            }
            secret.attach(PENDING, token, now);
            secret.ongoing = Some(Ongoing {
                token: token.to_owned(),
                rotation_token: rotation_token.map(str::to_owned),
                running: false,
                test_only: false,
                stopped: false,
            });
        });
        if let Some(token) = rotation_token {
            self.with(|state| state.world.canaries.push(token.to_owned()));
        }
    }

    /// Marks a secret for deletion.
    ///
    /// # Panics
    /// When there is no such secret.
    pub fn delete_secret(&self, arn: &str) {
        self.change(arn, |secret, now| secret.deleted = Some(now));
    }

    /// Works on a secret and lets every reader see the result at once.
    fn change<T>(&self, arn: &str, f: impl FnOnce(&mut Secret, SystemTime) -> T) -> T {
        self.with(|state: &mut State| {
            let now = state.clock.now();
            let lag = state.options.list_lag;
            let secret = arn_home(arn).and_then(|_| state.world.secret(arn));
            let secret = secret.unwrap_or_else(|| panic!("no secret {arn}"));
            secret.purge(now);
            let result = f(secret, now);
            secret.history.clear();
            note_listing(secret, now, true, lag);
            result
        })
    }
}
