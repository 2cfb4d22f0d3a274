//! What versions hold.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::Config;
use tokio::time::sleep;

use super::SecretsManager;
use crate::aws::failure::failed;
use crate::error::CallError;
use crate::model::{RotationToken, Sensitive, VersionId};

/// How often a value is put, as often as the SDK tries any other call.
const PUT_ATTEMPTS: u32 = 3;
/// The pause after the first attempt; it grows by as much with each.
const PUT_PAUSE: Duration = Duration::from_millis(300);

/// A version's value.
#[derive(Clone, Debug)]
pub(crate) enum StoredValue {
    /// There is no such version, or it has no value yet.
    Absent,
    /// SecretBinary.
    Binary,
    /// SecretString, of the version named.
    Text {
        version: VersionId,
        /// What it holds.
        text: Sensitive,
    },
}

impl SecretsManager {
    /// The value that carries a staging label.
    pub(crate) async fn staged_value(&self, secret_id: &str, stage: &str) -> Result<StoredValue, CallError> {
        self.value(secret_id, Some(stage), None).await
    }

    /// The value of one version, whatever its labels.
    pub(crate) async fn version_value(
        &self,
        secret_id: &str,
        version: &VersionId,
    ) -> Result<StoredValue, CallError> {
        self.value(secret_id, None, Some(version)).await
    }

    /// [GetSecretValue](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
    /// A version without a value answers ResourceNotFoundException; some stand-ins answer with
    /// neither string nor binary.
    async fn value(
        &self,
        secret_id: &str,
        stage: Option<&str>,
        version: Option<&VersionId>,
    ) -> Result<StoredValue, CallError> {
        let request = self.0.get_secret_value().secret_id(secret_id);
        let request = request
            .set_version_stage(stage.map(str::to_owned))
            .set_version_id(version.map(|version| version.as_str().to_owned()));
        match request.send().await {
            Ok(answer) => Ok(match (answer.secret_string, answer.secret_binary) {
                (Some(text), _) => StoredValue::Text {
                    version: VersionId::new(answer.version_id.unwrap_or_default()),
                    text: Sensitive::new(text),
                },
                (None, Some(_)) => StoredValue::Binary,
                (None, None) => StoredValue::Absent,
            }),
            Err(error) => {
                let error = failed("secretsmanager:GetSecretValue", &error).about(secret_id);
                if error.is_not_found() { Ok(StoredValue::Absent) } else { Err(error) }
            }
        }
    }

    /// [PutSecretValue](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html),
    /// which with the same token and content has no further effect, so that it may be repeated.
    ///
    /// Repeated here and not by the SDK, which reports its last attempt alone: a failure is a refusal
    /// only if AWS refused every attempt. One that was not answered may still be stored.
    pub(crate) async fn put(
        &self,
        secret_arn: &str,
        token: &VersionId,
        rotation_token: Option<&RotationToken>,
        stages: &[&str],
        value: &Sensitive,
    ) -> Result<(), CallError> {
        let request = self
            .0
            .put_secret_value()
            .secret_id(secret_arn)
            .client_request_token(token.as_str())
            .set_rotation_token(rotation_token.map(|token| token.expose().to_owned()))
            .set_version_stages(Some(stages.iter().map(|stage| (*stage).to_owned()).collect()))
            .secret_string(value.expose());
        let mut unclear = false;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let once = Config::builder().retry_config(RetryConfig::disabled());
            let sent = request.clone().customize().config_override(once).send().await;
            let Err(error) = sent else { return Ok(()) };
            let error = failed("secretsmanager:PutSecretValue", &error).about(secret_arn);
            unclear |= !error.is_refused();
            if attempts == PUT_ATTEMPTS || (error.is_refused() && !error.is_throttled()) {
                return Err(if unclear { error.after_an_unclear_attempt() } else { error });
            }
            sleep(PUT_PAUSE * attempts).await;
        }
    }
}
