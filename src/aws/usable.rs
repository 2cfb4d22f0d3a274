//! Credentials that can be sent at all.

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};

/// A provider whose credentials are checked before they are used. They become headers of each request, and the
/// SDK ends the process over a control character in them.
#[derive(Debug)]
pub(super) struct Usable(SharedCredentialsProvider);

impl Usable {
    /// Checks what a provider provides.
    pub(crate) fn of(provider: SharedCredentialsProvider) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Self(provider))
    }
}

impl ProvideCredentials for Usable {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let credentials = self.0.provide_credentials().await?;
            check(&credentials).map(|()| credentials)
        })
    }
}

fn check(credentials: &Credentials) -> Result<(), CredentialsError> {
    let refuse = |what: &str| {
        Err(CredentialsError::invalid_configuration(format!(
            "the {what} has a space, a line end or another character that cannot be sent; set it again"
        )))
    };
    let graphic = |text: &str| text.bytes().all(|b| b.is_ascii_graphic());
    if !graphic(credentials.access_key_id()) {
        return refuse("access key id");
    }
    if !credentials.session_token().is_none_or(graphic) {
        return refuse("session token");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn credentials_that_cannot_become_a_header_are_an_error_that_does_not_quote_them() {
        for (id, token, usable) in [
            ("AKIAIOSFODNN7EXAMPLE", None, true),
            ("AKIAIOSFODNN7EXAMPLE", Some("FwoGZX+/="), true),
            ("AKIAIOSFODNN7EXAMPLE\r", None, false),
            ("AKIA\u{e9}", None, false),
            ("AKIAIOSFODNN7EXAMPLE", Some("to\nken"), false),
        ] {
            let credentials = Credentials::new(id, "s", token.map(str::to_owned), None, "test");
            let checked = Usable::of(SharedCredentialsProvider::new(credentials)).provide_credentials().await;
            assert_eq!(checked.is_ok(), usable, "{id:?} {token:?}");
            if let Err(error) = checked {
                assert!(!format!("{error:?}").contains("ken\""), "{error:?}");
            }
        }
    }
}
