//! Secrets, their versions and labels.

use std::time::SystemTime;

use crate::Simulator;
use crate::secretsmanager::{insert_secret, note_state, store_value};
use crate::simulator::State;
use crate::world::secret::{Ongoing, PENDING, Secret, SecretValue};
use crate::world::store::arn_home;

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

    /// When the secret's schedule has it rotated next.
    ///
    /// # Panics
    /// When there is no such secret.
    pub fn set_next_rotation(&self, arn: &str, next: Option<SystemTime>) {
        self.change(arn, |secret, _| secret.rotation.next = next);
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

    /// Sets the KMS key that encrypts a secret (`None`: the default one).
    ///
    /// # Panics
    /// When there is no such secret.
    pub fn set_kms_key(&self, arn: &str, key: Option<&str>) {
        self.change(arn, |secret, _| secret.kms_key_id = key.map(str::to_owned));
    }

    /// Attaches a resource policy, whatever it says.
    ///
    /// # Panics
    /// When there is no such secret.
    pub fn put_policy(&self, arn: &str, policy: &str) {
        self.change(arn, |secret, _| secret.policy = Some(policy.to_owned()));
    }

    /// Replicates a secret to another region.
    ///
    /// # Panics
    /// When there is no such secret.
    pub fn replicate_secret(&self, arn: &str, region: &str) {
        self.with(|state| {
            let now = state.clock.now();
            state.world.add_replica(arn, region, None, false, now);
        });
        self.change(arn, |_, _| ());
    }

    /// Works on a secret and lets every reader see the result at once.
    fn change<T>(&self, arn: &str, f: impl FnOnce(&mut Secret, SystemTime) -> T) -> T {
        self.with(|state: &mut State| {
            let now = state.clock.now();
            let lags = state.options.secret_lags();
            state.world.settle_replicas(now, lags);
            let secret = arn_home(arn).and_then(|_| state.world.secret(arn));
            let secret = secret.unwrap_or_else(|| panic!("no secret {arn}"));
            secret.purge(now);
            let result = f(secret, now);
            secret.history.clear();
            secret.past.clear();
            note_state(secret, now, true, lags);
            state.world.replicate(arn, now, &state.options);
            result
        })
    }
}
