//! [STS](https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html).

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_sts::Client;
use aws_sdk_sts::config::Builder;

use super::failure::failed;
use crate::error::CallError;
use crate::model::Credential;

/// STS of one region, under one access key.
#[derive(Clone, Debug)]
pub(crate) struct Sts(Client);

/// What STS says of an access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// It is valid, and this ARN's.
    Of(String),
    /// No such key: not there yet, inactive, or deleted.
    UnknownKey,
    /// The key is there but its secret is another.
    WrongSecret,
}

impl Sts {
    pub(super) fn new(sdk: &SdkConfig, key: &Credential, region: &str) -> Self {
        let credentials =
            Credentials::new(key.key_id.as_str(), key.secret.expose(), None, None, "iam-key-rotator test");
        let config =
            Builder::from(sdk).region(Region::new(region.to_owned())).credentials_provider(credentials);
        Self(Client::from_conf(config.build()))
    }

    /// STS under the credentials of everything else.
    pub(super) fn of(sdk: &SdkConfig) -> Self {
        Self(Client::from_conf(Builder::from(sdk).build()))
    }

    /// Whose credentials these are; any refusal is a failure.
    pub(crate) async fn caller_arn(&self) -> Result<String, CallError> {
        const ACTION: &str = "sts:GetCallerIdentity";
        let answer = self.0.get_caller_identity().send().await.map_err(|e| failed(ACTION, &e))?;
        answer.arn.ok_or_else(|| CallError::incomplete(ACTION))
    }

    /// [GetCallerIdentity](https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
    /// It needs no permission, so it tells whose key this is and nothing of what the key may do.
    pub(crate) async fn caller_identity(&self) -> Result<Identity, CallError> {
        const ACTION: &str = "sts:GetCallerIdentity";
        match self.0.get_caller_identity().send().await {
            Ok(answer) => answer.arn.map(Identity::Of).ok_or_else(|| CallError::incomplete(ACTION)),
            Err(error) => {
                let error = failed(ACTION, &error);
                match error.code() {
                    "InvalidClientTokenId" => Ok(Identity::UnknownKey),
                    // The date is checked before the secret.
                    "SignatureDoesNotMatch" if !error.is_wrong_clock() => Ok(Identity::WrongSecret),
                    _ => Err(error),
                }
            }
        }
    }
}
