//! Labels, tags, policies, rotations, and secrets to be made.

use aws_sdk_secretsmanager::types::{ReplicaRegionType, RotationRulesType, Tag};

use super::SecretsManager;
use crate::aws::failure::failed;
use crate::error::CallError;
use crate::model::{RotationSetup, Sensitive, VersionId};

/// A secret to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewSecret<'a> {
    pub(crate) name: &'a str,
    /// The ClientRequestToken, which becomes the id of its first version.
    pub(crate) token: &'a str,
    pub(crate) tags: &'a [(&'a str, &'a str)],
    /// Its first value, which holds no key.
    pub(crate) value: &'a Sensitive,
    /// The customer key it is encrypted under; none: the account's default.
    pub(crate) kms_key_id: Option<&'a str>,
    /// Where it is replicated to.
    pub(crate) replica_regions: &'a [String],
}

impl SecretsManager {
    /// Attaches a label, taking it off `from` where that version has it.
    ///
    /// [UpdateSecretVersionStage](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html).
    pub(crate) async fn move_label(
        &self,
        arn: &str,
        stage: &str,
        from: Option<&VersionId>,
        to: Option<&VersionId>,
    ) -> Result<(), CallError> {
        self.0
            .update_secret_version_stage()
            .secret_id(arn)
            .version_stage(stage)
            .set_remove_from_version_id(from.map(|version| version.as_str().to_owned()))
            .set_move_to_version_id(to.map(|version| version.as_str().to_owned()))
            .send()
            .await
            .map(drop)
            .map_err(|e| failed("secretsmanager:UpdateSecretVersionStage", &e).about(arn))
    }

    /// Takes a label off a version. That it is no longer there, which AWS refuses, is as good: the sweep and a
    /// rotation may take off the same one, and AWS takes AWSPENDING off by itself when it moves AWSCURRENT.
    pub(crate) async fn remove_label(
        &self,
        arn: &str,
        stage: &str,
        version: &VersionId,
    ) -> Result<(), CallError> {
        match self.move_label(arn, stage, Some(version), None).await {
            Err(error) if error.is_not_found() || error.code() == "InvalidParameterException" => Ok(()),
            result => result,
        }
    }

    /// [CreateSecret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html)
    /// with a first version; answers with the ARN and that version's id.
    pub(crate) async fn create(&self, secret: &NewSecret<'_>) -> Result<(String, VersionId), CallError> {
        const ACTION: &str = "secretsmanager:CreateSecret";
        let replicas: Vec<_> = secret
            .replica_regions
            .iter()
            .map(|region| ReplicaRegionType::builder().region(region).build())
            .collect();
        let tags = secret.tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build());
        let tags = tags.collect();
        let request = self
            .0
            .create_secret()
            .name(secret.name)
            .client_request_token(secret.token)
            .description("IAM access key, rotated by iam-key-rotator")
            .secret_string(secret.value.expose())
            .set_kms_key_id(secret.kms_key_id.map(str::to_owned))
            .set_add_replica_regions(Some(replicas).filter(|replicas| !replicas.is_empty()))
            .set_tags(Some(tags));
        let answer = request.send().await.map_err(|e| failed(ACTION, &e).about(secret.name))?;
        match (answer.arn, answer.version_id) {
            (Some(arn), Some(version)) => Ok((arn, VersionId::new(version))),
            _ => Err(CallError::incomplete(ACTION)),
        }
    }

    /// A secret's resource policy, as JSON; `None` where it has none.
    ///
    /// [GetResourcePolicy](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetResourcePolicy.html).
    pub(crate) async fn policy(&self, secret_arn: &str) -> Result<Option<String>, CallError> {
        let answer = self.0.get_resource_policy().secret_id(secret_arn).send().await;
        let answer = answer.map_err(|e| failed("secretsmanager:GetResourcePolicy", &e).about(secret_arn))?;
        Ok(answer.resource_policy.filter(|policy| !policy.is_empty()))
    }

    /// [PutResourcePolicy](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html),
    /// refused by AWS if the policy lets the public in.
    pub(crate) async fn put_policy(&self, secret_arn: &str, policy: &str) -> Result<(), CallError> {
        let request = self
            .0
            .put_resource_policy()
            .secret_id(secret_arn)
            .resource_policy(policy)
            .block_public_policy(true);
        request
            .send()
            .await
            .map(drop)
            .map_err(|e| failed("secretsmanager:PutResourcePolicy", &e).about(secret_arn))
    }

    /// [RotateSecret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html),
    /// at once; `setup` for a secret that nothing rotates yet. The SDK sends its own
    /// ClientRequestToken, so its retries start no second rotation. Answers with the id of the
    /// version that the rotation makes.
    pub(crate) async fn rotate(
        &self,
        secret_arn: &str,
        setup: Option<&RotationSetup>,
    ) -> Result<VersionId, CallError> {
        const ACTION: &str = "secretsmanager:RotateSecret";
        let rules = setup
            .map(|setup| RotationRulesType::builder().automatically_after_days(setup.every_days).build());
        let request = self
            .0
            .rotate_secret()
            .secret_id(secret_arn)
            .set_rotation_lambda_arn(setup.map(|setup| setup.function_arn.clone()))
            .set_rotation_rules(rules);
        let answer = request.send().await.map_err(|e| failed(ACTION, &e).about(secret_arn))?;
        answer.version_id.map(VersionId::new).ok_or_else(|| CallError::incomplete(ACTION))
    }

    /// [RotateSecret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html)
    /// with another function or schedule than so far; what is `None` stays as it is. Unless
    /// `immediately`, Secrets Manager runs testSecret on the present value, and changes nothing.
    #[cfg(feature = "cli")]
    pub(crate) async fn rotate_with(
        &self,
        secret_arn: &str,
        function: Option<&str>,
        every_days: Option<i64>,
        immediately: bool,
    ) -> Result<Option<VersionId>, CallError> {
        let rules =
            every_days.map(|days| RotationRulesType::builder().automatically_after_days(days).build());
        let request = self
            .0
            .rotate_secret()
            .secret_id(secret_arn)
            .set_rotation_lambda_arn(function.map(str::to_owned))
            .set_rotation_rules(rules)
            .rotate_immediately(immediately);
        let answer =
            request.send().await.map_err(|e| failed("secretsmanager:RotateSecret", &e).about(secret_arn))?;
        Ok(answer.version_id.filter(|_| immediately).map(VersionId::new))
    }

    /// [TagResource](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html).
    pub(crate) async fn tag(&self, secret_arn: &str, key: &str, value: &str) -> Result<(), CallError> {
        let tag = Tag::builder().key(key).value(value).build();
        let request = self.0.tag_resource().secret_id(secret_arn).tags(tag);
        request.send().await.map(drop).map_err(|e| failed("secretsmanager:TagResource", &e).about(secret_arn))
    }

    /// [UntagResource](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UntagResource.html).
    pub(crate) async fn untag(&self, secret_arn: &str, key: &str) -> Result<(), CallError> {
        let request = self.0.untag_resource().secret_id(secret_arn).tag_keys(key);
        request
            .send()
            .await
            .map(drop)
            .map_err(|e| failed("secretsmanager:UntagResource", &e).about(secret_arn))
    }
}
