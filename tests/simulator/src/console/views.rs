//! Secrets as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use crate::Simulator;
use crate::secretsmanager::note_state;
use crate::world::secret::{Secret, SecretValue, Version};

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
    /// KmsKeyId; `None`: the default key `aws/secretsmanager`.
    pub kms_key_id: Option<String>,
    /// RotationLambdaARN.
    pub rotation_function: Option<String>,
    /// RotationRules.
    pub rotation_rules: Option<serde_json::Value>,
    /// PrimaryRegion, of a secret in several regions.
    pub primary_region: Option<String>,
    /// Of a primary: where its replicas are.
    pub replica_regions: Vec<String>,
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
    /// The secret as it is.
    ///
    /// # Panics
    /// When there is no such secret.
    #[must_use]
    pub fn secret(&self, arn: &str) -> SecretView {
        self.with(|state| {
            let (now, lags) = (state.clock.now(), state.options.secret_lags());
            state.world.settle_replicas(now, lags);
            let secret = state.world.secret(arn).unwrap_or_else(|| panic!("no secret {arn}"));
            secret.purge(now);
            secret.history.clear();
            note_state(secret, now, true, lags);
            SecretView::of(secret)
        })
    }
}

impl SecretView {
    fn of(secret: &Secret) -> Self {
        let version = |version: &Version| VersionView {
            id: version.id.clone(),
            stages: version.stages.clone(),
            value: version.value.clone(),
            created: version.created,
        };
        Self {
            arn: secret.arn.clone(),
            name: secret.name.clone(),
            tags: secret.tags.iter().cloned().collect(),
            rotation_enabled: secret.rotation.enabled,
            last_rotated: secret.rotated,
            next_rotation: secret.rotation.next,
            policy: secret.policy.clone(),
            kms_key_id: secret.kms_key_id.clone(),
            rotation_function: secret.rotation.function_arn.clone(),
            rotation_rules: secret.rotation.rules.clone(),
            primary_region: secret.primary_region().map(str::to_owned),
            replica_regions: secret.replicas.iter().map(|replica| replica.region.clone()).collect(),
            versions: secret.versions.iter().map(version).collect(),
        }
    }
}
