//! The SES SMTP password that AWS derives from a secret access key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Sensitive;

/// Derives the SMTP password that Amazon SES accepts for a secret access key in one region.
///
/// The published algorithm, version 4:
/// [Obtaining SES SMTP credentials](https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html#smtp-credentials-convert).
/// The user name that goes with it is the access key id.
pub fn ses_smtp_password(secret_access_key: &Sensitive, region: &str) -> Sensitive {
    const VERSION: u8 = 0x04;
    let mut key = Zeroizing::new(format!("AWS4{}", secret_access_key.expose()).into_bytes());
    for part in ["11111111", region, "ses", "aws4_request", "SendRawEmail"] {
        key = Zeroizing::new(hmac_sha256(&key, part.as_bytes()));
    }
    let mut signature = Zeroizing::new(vec![VERSION]);
    signature.extend_from_slice(&key);
    Sensitive::new(STANDARD.encode(&signature))
}

/// Whether a text has the form of an SES SMTP password and not that of a secret access key: 33 bytes in base64,
/// the first of which is the algorithm's version, 4 or, before 2019, 2.
pub fn is_ses_smtp_password(text: &str) -> bool {
    let bytes = STANDARD.decode(text).map(Zeroizing::new);
    bytes.is_ok_and(|bytes| bytes.len() == 33 && matches!(bytes.first(), Some(2 | 4)))
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "HMAC takes a key of any length; the Result is the trait's, not the algorithm's"
    )]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_access_key_is_no_smtp_password() {
        assert!(!is_ses_smtp_password("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"));
    }

    /// AWS publishes the algorithm and no example of its result. These values are a second
    /// implementation's, in Python, after AWS's page.
    #[test]
    fn the_password_is_the_one_that_awss_published_algorithm_derives() {
        for (region, secret, password) in [
            ("eu-central-1", "some+secret+key", "BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2"),
            ("eu-central-1", "another+secret+key", "BBbphbrQmrKMx42d1N6+C7VINYEBGI5v9VsZeTxwskfh"),
            ("us-west-1", "some+secret+key", "BH+jbMzper5WwlwUar9E1ySBqHa9whi0GPo+sJ0mVYJj"),
            ("us-west-1", "another+secret+key", "BKVmjjMDFk/qqw8EROW99bjCS65PF8WKvK5bSr4Y6EqF"),
        ] {
            assert_eq!(ses_smtp_password(&Sensitive::new(secret), region).expose(), password);
            assert!(is_ses_smtp_password(password) && !is_ses_smtp_password(secret));
        }
    }
}
