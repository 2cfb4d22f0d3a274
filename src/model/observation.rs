//! What was seen of the world, to plan one step of a rotation from.

use jiff::Timestamp;

use super::{
    AccessKey, AccessKeyId, Claims, Intent, KeyRole, Keyring, LastUse, SecretDocument, SecretState, UserRef,
    VersionId,
};

/// All that one step of one rotation is planned from.
#[derive(Clone, Debug)]
pub(crate) struct Observation {
    /// The time of the observation, by AWS's clock.
    pub(crate) now: Timestamp,
    /// The version being made.
    pub(crate) token: VersionId,
    pub(crate) secret: SecretState,
    /// The user it is bound to.
    pub(crate) user: UserRef,
    /// All of the user's keys; empty where the step does not ask.
    pub(crate) keys: Vec<AccessKey>,
    /// AWSCURRENT's value; `None` when it has none, or the step does not ask.
    pub(crate) current: Option<SecretDocument>,
    /// The value of the version being made; `None` when it has none, or the step does not ask.
    pub(crate) pending: Option<SecretDocument>,
    /// Whether STS accepts the key of the version being made in every test region; `false` when the step
    /// does not ask.
    pub(crate) accepted: bool,
    /// Whether a rotation stores SMTP credentials alone, as AWSCURRENT's value and the configured shape have it;
    /// `false` when the step does not ask.
    pub(crate) stores_smtp: bool,
    /// What the user's side and other secrets say; empty where the step does not ask.
    pub(crate) claims: Claims,
}

impl Observation {
    /// The user's keys beside the secret.
    pub(crate) fn keyring(&self) -> Keyring<'_> {
        Keyring {
            now: self.now,
            secret: Some(&self.secret),
            keys: &self.keys,
            making: Some(&self.token),
            proves_first: self.stores_smtp,
        }
    }

    /// What a key of the user is to the secret.
    pub(crate) fn role(&self, key: &AccessKey) -> KeyRole {
        self.keyring().role(key)
    }

    /// The record that an attempt of this rotation, or of the one before it, left.
    pub(crate) fn intent(&self) -> Option<Intent> {
        self.secret.intent(self.now)
    }

    /// Notes when keys were last used.
    pub(crate) fn note_last_uses(&mut self, uses: Vec<(AccessKeyId, LastUse)>) {
        for (id, last_use) in uses {
            if let Some(key) = self.keys.iter_mut().find(|key| key.id == id) {
                key.last_use = Some(last_use);
            }
        }
    }
}
