//! [Secrets Manager](https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html).

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Builder;
use aws_sdk_secretsmanager::types::Tag;
use jiff::Timestamp;

use super::{AwsClock, CallError};
use crate::model::{ClientRequestToken, RotationToken, SecretState, Sensitive, Version};

/// The calls this product makes to Secrets Manager.
#[derive(Clone, Debug)]
pub struct SecretsManager(Client);

/// A version's value.
#[derive(Clone, Debug)]
pub enum StoredValue {
    /// There is no such version, or it has no value yet.
    Absent,
    /// SecretBinary.
    Binary,
    /// SecretString, of the version named.
    Text {
        /// Which version answered.
        version: String,
        /// What it holds.
        text: Sensitive,
    },
}

impl SecretsManager {
    pub(super) fn new(sdk: &SdkConfig, clock: &AwsClock) -> Self {
        Self(Client::from_conf(Builder::from(sdk).interceptor(clock.clone()).build()))
    }

    /// [DescribeSecret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html).
    pub async fn describe(&self, secret_id: &str) -> Result<SecretState, CallError> {
        const ACTION: &str = "secretsmanager:DescribeSecret";
        let answer = self
            .0
            .describe_secret()
            .secret_id(secret_id)
            .send()
            .await
            .map_err(|e| CallError::new(ACTION, &e))?;
        let (Some(arn), Some(name)) = (answer.arn(), answer.name()) else {
            return Err(CallError::incomplete(ACTION));
        };
        let mut versions: Vec<Version> = answer
            .version_ids_to_stages()
            .into_iter()
            .flatten()
            .map(|(id, stages)| Version::new(id, stages.iter().cloned()))
            .collect();
        versions.sort_by(|a, b| a.id.cmp(&b.id));
        let tag = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()));
        Ok(SecretState {
            arn: arn.to_owned(),
            name: name.to_owned(),
            tags: answer.tags().iter().filter_map(tag).collect(),
            rotation_enabled: answer.rotation_enabled().unwrap_or(false),
            last_rotated: answer.last_rotated_date().and_then(|at| Timestamp::from_second(at.secs()).ok()),
            versions,
        })
    }

    /// The value that carries a staging label.
    pub async fn staged_value(&self, secret_id: &str, stage: &str) -> Result<StoredValue, CallError> {
        self.value(secret_id, Some(stage), None).await
    }

    /// The value of one version, whatever its labels.
    pub async fn version_value(&self, secret_id: &str, version: &str) -> Result<StoredValue, CallError> {
        self.value(secret_id, None, Some(version)).await
    }

    /// [GetSecretValue](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
    /// A version without a value answers ResourceNotFoundException; some stand-ins answer with
    /// neither string nor binary.
    async fn value(
        &self,
        secret_id: &str,
        stage: Option<&str>,
        version: Option<&str>,
    ) -> Result<StoredValue, CallError> {
        let request = self.0.get_secret_value().secret_id(secret_id);
        let request =
            request.set_version_stage(stage.map(str::to_owned)).set_version_id(version.map(str::to_owned));
        match request.send().await {
            Ok(answer) => Ok(match (answer.secret_string, answer.secret_binary) {
                (Some(text), _) => StoredValue::Text {
                    version: answer.version_id.unwrap_or_default(),
                    text: Sensitive::new(text),
                },
                (None, Some(_)) => StoredValue::Binary,
                (None, None) => StoredValue::Absent,
            }),
            Err(error) => {
                let error = CallError::new("secretsmanager:GetSecretValue", &error);
                if error.is_not_found() { Ok(StoredValue::Absent) } else { Err(error) }
            }
        }
    }

    /// [PutSecretValue](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html),
    /// which with the same token and content has no further effect, so that the SDK may retry it.
    pub async fn put(
        &self,
        secret_arn: &str,
        token: &ClientRequestToken,
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
        request.send().await.map(drop).map_err(|e| CallError::new("secretsmanager:PutSecretValue", &e))
    }

    /// Attaches a label, taking it off `from` where that version has it.
    ///
    /// [UpdateSecretVersionStage](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html).
    pub async fn move_label(
        &self,
        arn: &str,
        stage: &str,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<(), CallError> {
        self.0
            .update_secret_version_stage()
            .secret_id(arn)
            .version_stage(stage)
            .set_remove_from_version_id(from.map(str::to_owned))
            .set_move_to_version_id(to.map(str::to_owned))
            .send()
            .await
            .map(drop)
            .map_err(|e| CallError::new("secretsmanager:UpdateSecretVersionStage", &e))
    }

    /// [TagResource](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html).
    pub async fn tag(&self, secret_arn: &str, key: &str, value: &str) -> Result<(), CallError> {
        let tag = Tag::builder().key(key).value(value).build();
        let request = self.0.tag_resource().secret_id(secret_arn).tags(tag);
        request.send().await.map(drop).map_err(|e| CallError::new("secretsmanager:TagResource", &e))
    }

    /// [UntagResource](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UntagResource.html).
    pub async fn untag(&self, secret_arn: &str, key: &str) -> Result<(), CallError> {
        let request = self.0.untag_resource().secret_id(secret_arn).tag_keys(key);
        request.send().await.map(drop).map_err(|e| CallError::new("secretsmanager:UntagResource", &e))
    }
}
