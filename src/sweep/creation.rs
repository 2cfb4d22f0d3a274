//! Which secret without a rotation function is the sweep's own, left by a visit that broke off.

use sha2::{Digest as _, Sha256};

use super::account::Account;
use super::secret_policy::secret_policy;
use crate::error::Result;
use crate::model::{SecretState, UserRef};

/// The ClientRequestToken of the CreateSecret call for a user, which becomes the id of the secret's first
/// version. It follows from the user's account and the secret's name, so that a later visit knows it.
pub(super) fn creation_token(account: &str, name: &str) -> String {
    // Secrets were created with this text: spelt otherwise, they would not be known any more.
    let digest = Sha256::digest(format!("iam-key-rotator enrolment of {name} in {account}"));
    digest.iter().take(16).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

impl Account<'_> {
    /// Whether a secret that nothing rotates was created here for this user and not changed since: its
    /// name, its only version and its policy are those that [`enroll`](Self::enroll) gives it. Such a
    /// secret may be finished and rotated. A tag alone shows nothing: others can set it.
    ///
    /// Whoever may create secrets of such names can imitate it, and is trusted with their users' keys.
    pub(crate) async fn is_own_creation(&self, user: &UserRef, secret: &SecretState) -> Result<bool> {
        if !self.looks_created(user, secret) {
            return Ok(false);
        }
        let policy = self.secrets.policy(&secret.arn).await?;
        let ours = secret_policy(user, self.config.rotation_role.as_deref());
        Ok(policy.is_none_or(|policy| policy == ours))
    }

    /// Whether name and versions are those of a secret that was created here, its policy aside.
    pub(super) fn looks_created(&self, user: &UserRef, secret: &SecretState) -> bool {
        let name = self.config.shared.secret_name_of(user);
        let token = creation_token(&user.account, &name);
        let only_version = matches!(secret.versions.as_slice(), [version] if version.id.as_str() == token);
        secret.name == name && only_version && secret.rotation_function.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::creation_token;

    #[test]
    fn the_token_is_one_that_secrets_manager_takes_and_follows_from_account_and_name() {
        let token = creation_token("111122223333", "iam-key/ci");
        assert!((32..=64).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(token, creation_token("111122223333", "iam-key/ci"));
        assert_ne!(token, creation_token("111122223333", "iam-key/ci2"));
        assert_ne!(token, creation_token("444455556666", "iam-key/ci"));
    }
}
