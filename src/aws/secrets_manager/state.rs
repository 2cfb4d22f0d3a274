//! What secrets are, without their values.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_secretsmanager::primitives::DateTime;
use aws_sdk_secretsmanager::types::{
    Filter, FilterNameStringType, RotationRulesType, SecretListEntry, SecretVersionsListEntry, Tag,
};
use jiff::Timestamp;

use super::SecretsManager;
use crate::aws::failure::failed;
use crate::error::CallError;
use crate::model::{SecretState, Version, VersionId, fits_a_tag};

/// Pages of a list, each of a hundred secrets: an account has
/// [500,000](https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html) in a region at most.
/// Pages may be shorter than asked for.
pub(crate) const MOST_PAGES: usize = 20_000;
/// Pages of a secret's versions, of which about a hundred are kept.
const MOST_VERSION_PAGES: usize = 100;

impl SecretsManager {
    /// [DescribeSecret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html).
    pub(crate) async fn describe(&self, secret_id: &str) -> Result<SecretState, CallError> {
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
            created: answer.created_date().and_then(time),
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
    pub(crate) async fn list(
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
                created: entry.created_date().and_then(time),
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
    pub(crate) async fn tagged(&self, tag_values: &[&str]) -> Result<Vec<SecretState>, CallError> {
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
    pub(crate) async fn version_dates(
        &self,
        secret_id: &str,
    ) -> Result<BTreeMap<VersionId, Timestamp>, CallError> {
        const ACTION: &str = "secretsmanager:ListSecretVersionIds";
        let pages = self.0.list_secret_version_ids().secret_id(secret_id).include_deprecated(true);
        let mut pages = pages.into_paginator().send();
        let mut dates = BTreeMap::new();
        for _ in 0..MOST_VERSION_PAGES {
            let Some(page) = pages.next().await else { return Ok(dates) };
            let page = page.map_err(|e| failed(ACTION, &e).about(secret_id))?;
            let dated = |version: &SecretVersionsListEntry| {
                Some((VersionId::new(version.version_id()?), version.created_date().and_then(time)?))
            };
            dates.extend(page.versions().iter().filter_map(dated));
        }
        Err(CallError::incomplete(ACTION))
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
