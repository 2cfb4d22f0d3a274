//! Values that must never be seen: they redact themselves when printed and are wiped when dropped.

use std::fmt;

use zeroize::Zeroizing;

use super::AccessKeyId;

/// Text that no log, error, mail or panic may show. `Debug` and `Display` print `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive(Zeroizing<String>);

impl Sensitive {
    /// Takes the text over; the only copy left is the one inside.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Every caller is a place where a secret leaves the type's protection.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The token that Secrets Manager hands to the function to prove that it acts for a rotation.
///
/// [PutSecretValue](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html):
/// 36 to 256 characters, sensitive, absent in older rotations.
pub type RotationToken = Sensitive;

/// An access key with its secret half.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The public half.
    pub key_id: AccessKeyId,
    /// The secret half: returned once, by CreateAccessKey.
    pub secret: Sensitive,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}, [redacted])", self.key_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_prints_its_key_id_and_never_its_secret() {
        let credential = Credential {
            key_id: AccessKeyId::new("AKIAIOSFODNN7EXAMPLE"),
            secret: Sensitive::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        };
        assert_eq!(format!("{credential:?}"), "Credential(AKIAIOSFODNN7EXAMPLE, [redacted])");
        assert_eq!(format!("{:?} {}", credential.secret, credential.secret), "[redacted] [redacted]");
    }
}
