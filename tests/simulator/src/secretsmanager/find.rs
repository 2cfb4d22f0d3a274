//! From a SecretId to the secret, if the caller may.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html>

use std::sync::Arc;

use serde_json::Value;

use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::policy::{self, Verdict};
use crate::front::protocol::{ApiError, Service};
use crate::kms::key_arn;
use crate::secretsmanager::{invalid_parameter, invalid_request, not_found, note_state};
use crate::world::deployment::KeyState;
use crate::world::secret::Secret;
use crate::world::store::arn_home;

/// What a replica takes besides being read: "A replica secret can't be updated independently from its
/// primary secret, except for its encryption key"
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/standalone-secret.html>).
const OF_REPLICAS: [&str; 6] = [
    "DescribeSecret",
    "GetSecretValue",
    "ListSecretVersionIds",
    "GetResourcePolicy",
    "ValidateResourcePolicy",
    "StopReplicationToReplica",
];

impl Context<'_> {
    /// The secret a call names, deleted or not.
    pub(super) fn any_secret(&mut self, input: Input<'_>) -> Result<&mut Secret, ApiError> {
        let id = input.required("SecretId")?;
        let home = arn_home(id).filter(|_| id.starts_with("arn:"));
        let foreign = home.is_some_and(|(account, _)| account != self.caller.account);
        let denied = |why: &str| {
            let (caller, action) = (&self.caller.arn, &self.access.action);
            Service::SecretsManager.denied(format!(
                "User: {caller} is not authorized to perform: {action} on resource: {} {why}",
                self.access.resource
            ))
        };
        let silent =
            denied(&format!("because no resource-based policy allows the {} action", self.access.action));
        let refused = denied("with an explicit deny in a resource-based policy");
        let (now, caller, access) = (self.now, self.caller, self.access);
        let missing = || {
            let error = not_found("Secrets Manager can't find the specified secret.");
            if foreign { silent.clone() } else { error }
        };
        let (account, region) = home.unwrap_or((&self.caller.account, self.region));
        if region != self.region {
            return Err(missing());
        }
        let store = self.state.world.stores.get_mut(&(account.to_owned(), region.to_owned()));
        let secret = store.and_then(|store| store.find(id)).ok_or_else(missing)?;
        // From another account, nothing but the whole ARN will do.
        if foreign && secret.arn != id {
            return Err(missing());
        }
        match verdict(secret, |policy| policy::evaluate(policy, caller, access)) {
            Verdict::Denied => return Err(refused),
            Verdict::Silent if foreign => return Err(silent),
            _ => {}
        }
        let operation = access.action.rsplit(':').next().unwrap_or_default();
        let of_replicas =
            OF_REPLICAS.contains(&operation) || (operation == "UpdateSecret" && only_key(input.0));
        if secret.primary.is_some() && !of_replicas {
            return Err(invalid_parameter(
                "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
            ));
        }
        secret.purge(now);
        Ok(secret)
    }

    /// The secret a call names, unless it is marked for deletion.
    pub(super) fn live_secret(&mut self, input: Input<'_>) -> Result<&mut Secret, ApiError> {
        let secret = self.any_secret(input)?;
        if secret.deleted.is_some() {
            return Err(invalid_request(
                "You can't perform this operation on the secret because it was marked for \
                 deletion.",
            ));
        }
        Ok(secret)
    }

    /// The same, for a call that needs the secret's key: "you can't use the AWS managed key
    /// (aws/secretsmanager) for cross-account access". A key that is known and not enabled can neither
    /// encrypt nor decrypt
    /// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html>).
    pub(super) fn readable_secret(&mut self, input: Input<'_>) -> Result<&mut Secret, ApiError> {
        let own = self.caller.account.clone();
        let (account, region) = (own.clone(), self.region.to_owned());
        let reads = self.access.action.ends_with(":GetSecretValue");
        let key = self.live_secret(input)?.kms_key_id.clone();
        if key.is_some_and(|key| !self.can_use(&key, &account, &region)) {
            return Err(if reads { decryption_failure() } else { encryption_failure() });
        }
        let secret = self.live_secret(input)?;
        let foreign = arn_home(&secret.arn).is_some_and(|(account, _)| account != own);
        let key = secret.kms_key_id.as_deref().unwrap_or_default();
        if foreign && (key.is_empty() || key.ends_with("alias/aws/secretsmanager")) {
            return Err(invalid_request(
                "You can't access a secret from a different AWS account if you encrypt the secret with \
                 the default KMS service key.",
            ));
        }
        Ok(secret)
    }

    /// Whether a KMS key is enabled. One that nobody set up is.
    pub(super) fn can_use(&self, key: &str, account: &str, region: &str) -> bool {
        let state = self.state.world.deployment.kms_keys.get(&key_arn(key, account, region));
        state.is_none_or(|state| *state == KeyState::Enabled)
    }

    /// Keeps what readers who lag behind may see. Called before each call.
    pub(super) fn note_state(&mut self, input: Input<'_>) {
        let (now, lags) = (self.now, self.state.options.secret_lags());
        if let Some(secret) = self.named_secret(input) {
            note_state(secret, now, true, lags);
        }
    }

    /// The secret a read shows: any state it had within the lag.
    pub(super) fn seen_secret(&mut self, arn: &str) -> Result<Arc<Secret>, ApiError> {
        let (now, lag) = (self.now, self.state.options.secret_read_lag);
        let states = self.state.world.secret_ref(arn).map(|secret| secret.seen_within(now, lag));
        let mut states = states.unwrap_or_default();
        let nth = self.state.world.ids.below("secret-read-lag", states.len());
        let seen = (!states.is_empty()).then(|| states.swap_remove(nth)).flatten();
        seen.ok_or_else(|| not_found("Secrets Manager can't find the specified secret."))
    }

    /// LastChangedDate if so wanted, and what reads will show. Answers with the secret's ARN.
    pub(super) fn note_change(&mut self, input: Input<'_>, dated: bool) -> Option<String> {
        let (now, lags) = (self.now, self.state.options.secret_lags());
        let secret = self.named_secret(input)?;
        if dated {
            secret.changed = now;
        }
        note_state(secret, now, false, lags);
        Some(secret.arn.clone())
    }

    /// The secret a call names, without asking whether the caller may.
    fn named_secret(&mut self, input: Input<'_>) -> Option<&mut Secret> {
        let id = ["SecretId", "Name"].iter().find_map(|name| input.0[*name].as_str())?;
        let home = arn_home(id).filter(|_| id.starts_with("arn:"));
        let (account, region) = home.unwrap_or((&self.caller.account, self.region));
        self.state.world.stores.get_mut(&(account.to_owned(), region.to_owned()))?.find(id)
    }
}

pub(super) fn encryption_failure() -> ApiError {
    ApiError::new(
        400,
        "EncryptionFailure",
        "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the \
         KMS key is available, enabled, and not in an invalid state.",
    )
}

fn decryption_failure() -> ApiError {
    ApiError::new(
        400,
        "DecryptionFailure",
        "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
    )
}

fn verdict(secret: &Secret, evaluate: impl Fn(&Value) -> Verdict) -> Verdict {
    let policy = secret.policy.as_deref().and_then(|policy| serde_json::from_str(policy).ok());
    policy.map_or(Verdict::Silent, |policy| evaluate(&policy))
}

fn only_key(body: &Value) -> bool {
    ["SecretString", "SecretBinary", "Description", "Type"].iter().all(|member| body[*member].is_null())
}
