//! [Secrets Manager](https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html).

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{Builder, Config};
use aws_sdk_secretsmanager::primitives::DateTime;
use aws_sdk_secretsmanager::types::{
    Filter, FilterNameStringType, ReplicaRegionType, RotationRulesType, SecretListEntry,
    SecretVersionsListEntry, Tag,
};
use jiff::Timestamp;
use tokio::time::sleep;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::AwsClock;
use super::failure::failed;
use crate::error::CallError;
use crate::model::{RotationSetup, RotationToken, SecretState, Sensitive, Version, VersionId, fits_a_tag};

/// How often a value is put, as often as the SDK tries any other call.
const PUT_ATTEMPTS: u32 = 3;
/// The pause after the first attempt; it grows by as much with each.
const PUT_PAUSE: Duration = Duration::from_millis(300);

/// Pages of a list, each of a hundred secrets: an account has
/// [500,000](https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html) in a region at most.
pub const MOST_PAGES: usize = 5_000;

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
        version: VersionId,
        /// What it holds.
        text: Sensitive,
    },
}

/// A secret to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewSecret<'a> {
    /// Its name.
    pub name: &'a str,
    /// The ClientRequestToken, which becomes the id of its first version.
    pub token: &'a str,
    /// Its tags.
    pub tags: &'a [(&'a str, &'a str)],
    /// Its first value, which holds no key.
    pub value: &'a Sensitive,
    /// The customer key it is encrypted under; none: the account's default.
    pub kms_key_id: Option<&'a str>,
    /// Where it is replicated to.
    pub replica_regions: &'a [String],
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
            .map_err(|e| failed(ACTION, &e).about(secret_id))?;
        let (Some(arn), Some(name)) = (answer.arn(), answer.name()) else {
            return Err(CallError::incomplete(ACTION));
        };
        Ok(SecretState {
            arn: arn.to_owned(),
            name: name.to_owned(),
            tags: tags(answer.tags()),
            rotation_enabled: answer.rotation_enabled().unwrap_or(false),
            rotation_function: answer.rotation_lambda_arn().map(str::to_owned),
            rotation_scheduled: scheduled(answer.rotation_rules()),
            next_rotation: next_rotation(answer.next_rotation_date(), answer.deleted_date()),
            changed: answer.last_changed_date().and_then(time),
            last_rotated: answer.last_rotated_date().and_then(time),
            deleted: answer.deleted_date().and_then(time),
            kms_key_id: answer.kms_key_id().map(str::to_owned),
            versions: versions(answer.version_ids_to_stages()),
        })
    }

    /// [ListSecrets](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html),
    /// one page: the secrets as they were up to five minutes ago, and where the next page begins.
    ///
    /// `tag_values`: only secrets that have a tag whose value begins with one of them; none: all secrets,
    /// and those that are scheduled for deletion.
    pub async fn list(
        &self,
        tag_values: &[&str],
        next: Option<String>,
    ) -> Result<(Vec<SecretState>, Option<String>), CallError> {
        self.list_page(tag_values, next, true).await
    }

    async fn list_page(
        &self,
        tag_values: &[&str],
        next: Option<String>,
        with_deleted: bool,
    ) -> Result<(Vec<SecretState>, Option<String>), CallError> {
        const ACTION: &str = "secretsmanager:ListSecrets";
        const PAGE: i32 = 100;
        let values = Some(tag_values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
        let by_value = values.filter(|values| !values.is_empty()).map(|values| {
            vec![Filter::builder().key(FilterNameStringType::TagValue).set_values(Some(values)).build()]
        });
        let request = self.0.list_secrets().max_results(PAGE).set_filters(by_value).set_next_token(next);
        let request = request.set_include_planned_deletion(with_deleted.then_some(true));
        let page = request.send().await.map_err(|e| failed(ACTION, &e))?;
        let read = |entry: &SecretListEntry| {
            Some(SecretState {
                arn: entry.arn()?.to_owned(),
                name: entry.name()?.to_owned(),
                tags: tags(entry.tags()),
                rotation_enabled: entry.rotation_enabled().unwrap_or(false),
                rotation_function: entry.rotation_lambda_arn().map(str::to_owned),
                rotation_scheduled: scheduled(entry.rotation_rules()),
                next_rotation: next_rotation(entry.next_rotation_date(), entry.deleted_date()),
                changed: entry.last_changed_date().and_then(time),
                last_rotated: entry.last_rotated_date().and_then(time),
                deleted: entry.deleted_date().and_then(time),
                kms_key_id: entry.kms_key_id().map(str::to_owned),
                versions: versions(entry.secret_versions_to_stages()),
            })
        };
        let secrets = page.secret_list().iter().map(read).collect::<Option<Vec<_>>>();
        Ok((secrets.ok_or_else(|| CallError::incomplete(ACTION))?, page.next_token))
    }

    /// All pages of the secrets that have a tag whose value begins with one of these. What no tag may hold,
    /// such as a comma, no filter may hold either, and no secret has it.
    pub async fn tagged(&self, tag_values: &[&str]) -> Result<Vec<SecretState>, CallError> {
        let possible: Vec<&str> = tag_values.iter().copied().filter(|value| fits_a_tag(value)).collect();
        let (mut secrets, mut next) = (Vec::new(), None);
        if possible.is_empty() {
            return Ok(secrets);
        }
        for _ in 0..MOST_PAGES {
            let (page, more) = self.list_page(&possible, next.take(), false).await?;
            secrets.extend(page);
            match more {
                Some(more) => next = Some(more),
                None => return Ok(secrets),
            }
        }
        Err(CallError::incomplete("secretsmanager:ListSecrets"))
    }

    /// [ListSecretVersionIds](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html):
    /// when each version was stored, deprecated ones included, as long as Secrets Manager keeps them.
    pub async fn version_dates(&self, secret_id: &str) -> Result<BTreeMap<VersionId, Timestamp>, CallError> {
        const ACTION: &str = "secretsmanager:ListSecretVersionIds";
        let pages = self.0.list_secret_version_ids().secret_id(secret_id).include_deprecated(true);
        let mut pages = pages.into_paginator().send();
        let mut dates = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| failed(ACTION, &e).about(secret_id))?;
            let dated = |version: &SecretVersionsListEntry| {
                Some((VersionId::new(version.version_id()?), version.created_date().and_then(time)?))
            };
            dates.extend(page.versions().iter().filter_map(dated));
        }
        Ok(dates)
    }

    /// The value that carries a staging label.
    pub async fn staged_value(&self, secret_id: &str, stage: &str) -> Result<StoredValue, CallError> {
        self.value(secret_id, Some(stage), None).await
    }

    /// The value of one version, whatever its labels.
    pub async fn version_value(
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
    /// Repeated here and not by the SDK, which tells of its last attempt alone: a failure is a refusal
    /// only if AWS refused every attempt. One that was not answered may still be stored.
    pub async fn put(
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

    /// Attaches a label, taking it off `from` where that version has it.
    ///
    /// [UpdateSecretVersionStage](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html).
    pub async fn move_label(
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
    pub async fn remove_label(&self, arn: &str, stage: &str, version: &VersionId) -> Result<(), CallError> {
        match self.move_label(arn, stage, Some(version), None).await {
            Err(error) if error.is_not_found() || error.code() == "InvalidParameterException" => Ok(()),
            result => result,
        }
    }

    /// [CreateSecret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html)
    /// with a first version; answers with the ARN and that version's id.
    pub async fn create(&self, secret: &NewSecret<'_>) -> Result<(String, VersionId), CallError> {
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
    pub async fn policy(&self, secret_arn: &str) -> Result<Option<String>, CallError> {
        let answer = self.0.get_resource_policy().secret_id(secret_arn).send().await;
        let answer = answer.map_err(|e| failed("secretsmanager:GetResourcePolicy", &e).about(secret_arn))?;
        Ok(answer.resource_policy.filter(|policy| !policy.is_empty()))
    }

    /// [PutResourcePolicy](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html),
    /// refused by AWS if the policy lets the public in.
    pub async fn put_policy(&self, secret_arn: &str, policy: &str) -> Result<(), CallError> {
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
    pub async fn rotate(
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
    pub async fn rotate_with(
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

    /// When a secret was created.
    #[cfg(feature = "cli")]
    pub async fn created(&self, secret_id: &str) -> Result<Option<Timestamp>, CallError> {
        let answer = self.0.describe_secret().secret_id(secret_id).send().await;
        let answer = answer.map_err(|e| failed("secretsmanager:DescribeSecret", &e).about(secret_id))?;
        Ok(answer.created_date().and_then(time))
    }

    /// [TagResource](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html).
    pub async fn tag(&self, secret_arn: &str, key: &str, value: &str) -> Result<(), CallError> {
        let tag = Tag::builder().key(key).value(value).build();
        let request = self.0.tag_resource().secret_id(secret_arn).tags(tag);
        request.send().await.map(drop).map_err(|e| failed("secretsmanager:TagResource", &e).about(secret_arn))
    }

    /// [UntagResource](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UntagResource.html).
    pub async fn untag(&self, secret_arn: &str, key: &str) -> Result<(), CallError> {
        let request = self.0.untag_resource().secret_id(secret_arn).tag_keys(key);
        request
            .send()
            .await
            .map(drop)
            .map_err(|e| failed("secretsmanager:UntagResource", &e).about(secret_arn))
    }
}

fn time(at: &DateTime) -> Option<Timestamp> {
    Timestamp::from_second(at.secs()).ok()
}

fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()))).collect()
}

/// When AWS rotates a secret next: never, once it is scheduled for deletion.
fn next_rotation(next: Option<&DateTime>, deleted: Option<&DateTime>) -> Option<Timestamp> {
    next.filter(|_| deleted.is_none()).and_then(time)
}

fn scheduled(rules: Option<&RotationRulesType>) -> bool {
    rules.is_some_and(|rules| {
        rules.automatically_after_days().is_some() || rules.schedule_expression().is_some()
    })
}

fn versions(stages: Option<&HashMap<String, Vec<String>>>) -> Vec<Version> {
    let mut versions: Vec<Version> = stages
        .into_iter()
        .flatten()
        .map(|(id, stages)| Version::new(id.as_str(), stages.iter().cloned()))
        .collect();
    versions.sort_by(|a, b| a.id.cmp(&b.id));
    versions
}
