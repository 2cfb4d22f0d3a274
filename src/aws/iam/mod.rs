//! [IAM](https://docs.aws.amazon.com/IAM/latest/APIReference/welcome.html).

mod fleet;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_iam::Client;
use aws_sdk_iam::config::Builder;
use aws_sdk_iam::types::StatusType;
use futures_util::future::try_join_all;
use jiff::Timestamp;

use super::pace::Pace;
use crate::aws::failure::failed;
use crate::error::CallError;
use crate::model::{
    AccessKey, AccessKeyId, Credential, KeyStatus, LastUse, SecretState, Sensitive, UserName,
};

/// A user has two keys; a list that is longer than this many pages is not one of AWS's.
const MAX_PAGES: usize = 10;
/// Longest wait for CreateAccessKey's answer. An answer lost means a key nobody can use, so it is
/// given more time than other calls.
const CREATE_TIMEOUT: Duration = Duration::from_secs(10);

/// The calls this product makes to IAM.
#[derive(Clone, Debug)]
pub(crate) struct Iam {
    client: Client,
    pace: Option<Pace>,
}

/// Whose key an id is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyOwner {
    /// The name of a user of this account.
    User(String),
    /// No user's of this account.
    Nobody,
    /// IAM would not say. It answers so for keys it does not know, too.
    Denied,
}

/// What a simulated call would meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Simulated {
    pub(crate) action: String,
    /// Whether the policies allow it.
    pub(crate) allowed: bool,
    /// Condition keys that the answer hangs on and the simulation did not know.
    pub(crate) unknown_conditions: Vec<String>,
}

impl Iam {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        Self { client: Client::from_conf(Builder::from(sdk).build()), pace: None }
    }

    /// The same client at a pace that leaves room for the account's other tools.
    pub(crate) fn paced(mut self) -> Self {
        self.pace = Some(Pace::new());
        self
    }

    /// The client, when it is this call's turn.
    async fn ready(&self) -> &Client {
        if let Some(pace) = &self.pace {
            pace.turn().await;
        }
        &self.client
    }

    /// [ListAccessKeys](https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html),
    /// every page of it. A failure is never an empty list.
    pub(crate) async fn list_access_keys(&self, user: &str) -> Result<Vec<AccessKey>, CallError> {
        const ACTION: &str = "iam:ListAccessKeys";
        let mut keys = Vec::new();
        let mut marker = None;
        for _ in 0..MAX_PAGES {
            let request = self.ready().await.list_access_keys().user_name(user).set_marker(marker.take());
            let page = request.send().await.map_err(|e| failed(ACTION, &e).about(user))?;
            for key in page.access_key_metadata() {
                let read = |key: &aws_sdk_iam::types::AccessKeyMetadata| {
                    Some(AccessKey {
                        id: AccessKeyId::new(key.access_key_id()?),
                        status: if *key.status()? == StatusType::Active {
                            KeyStatus::Active
                        } else {
                            KeyStatus::Inactive
                        },
                        created: Timestamp::from_second(key.create_date()?.secs()).ok()?,
                        last_use: None,
                    })
                };
                keys.push(read(key).ok_or_else(|| CallError::incomplete(ACTION))?);
            }
            match page.marker() {
                Some(next) if page.is_truncated() => marker = Some(next.to_owned()),
                _ => return Ok(keys),
            }
        }
        Err(CallError::incomplete(ACTION))
    }

    /// When a key was last used, as far as IAM knows by now.
    pub(crate) async fn last_use(&self, key: &AccessKeyId) -> Result<LastUse, CallError> {
        let answer = self.access_key_last_used(key).await?;
        let used = answer.access_key_last_used();
        let time = used.and_then(|used| Timestamp::from_second(used.last_used_date()?.secs()).ok());
        Ok(match (used, time) {
            (Some(used), Some(time)) => LastUse::At {
                time,
                service: used.service_name().to_owned(),
                region: used.region().to_owned(),
            },
            _ => LastUse::Never,
        })
    }

    /// Whose key this is, by GetAccessKeyLastUsed.
    pub(crate) async fn owner(&self, key: &AccessKeyId) -> Result<KeyOwner, CallError> {
        match self.access_key_last_used(key).await {
            Ok(answer) => {
                Ok(answer.user_name().map_or(KeyOwner::Nobody, |name| KeyOwner::User(name.to_owned())))
            }
            Err(error) if error.is_not_found() => Ok(KeyOwner::Nobody),
            Err(error) if error.is_denied() => Ok(KeyOwner::Denied),
            Err(error) => Err(error),
        }
    }

    /// Whose the keys are that rotations have labelled; `None` if they are gone, or not all one user's.
    pub(crate) async fn owner_of_labels(&self, secret: &SecretState) -> Result<Option<UserName>, CallError> {
        let labelled = secret.versions.iter().filter(|version| version.is_labelled());
        let keys: Vec<&AccessKeyId> = labelled.filter_map(|version| version.key.as_ref()).collect();
        let owners = try_join_all(keys.iter().map(|key| self.owner(key))).await?;
        let mut names = owners.into_iter().filter_map(|owner| match owner {
            KeyOwner::User(name) => Some(UserName::new(name)),
            KeyOwner::Nobody | KeyOwner::Denied => None,
        });
        let Some(first) = names.next() else { return Ok(None) };
        Ok(names.all(|name| name == first).then_some(first))
    }

    /// [GetAccessKeyLastUsed](https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html).
    async fn access_key_last_used(
        &self,
        key: &AccessKeyId,
    ) -> Result<aws_sdk_iam::operation::get_access_key_last_used::GetAccessKeyLastUsedOutput, CallError> {
        let request = self.ready().await.get_access_key_last_used().access_key_id(key.as_str());
        request.send().await.map_err(|e| failed("iam:GetAccessKeyLastUsed", &e))
    }

    /// [CreateAccessKey](https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html),
    /// sent at most once: the SDK's own retry would make a second key whenever the first answer
    /// was lost, and nobody would ever learn the first one's secret.
    pub(crate) async fn create_access_key(&self, user: &str) -> Result<(Credential, Timestamp), CallError> {
        const ACTION: &str = "iam:CreateAccessKey";
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(CREATE_TIMEOUT)
            .operation_timeout(CREATE_TIMEOUT)
            .build();
        let once = aws_sdk_iam::config::Config::builder()
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts);
        let request =
            self.ready().await.create_access_key().user_name(user).customize().config_override(once);
        let answer = request.send().await.map_err(|e| failed(ACTION, &e).about(user))?;
        let mut key = answer.access_key.ok_or_else(|| CallError::incomplete(ACTION))?;
        let secret = Sensitive::new(std::mem::take(&mut key.secret_access_key));
        let created = key.create_date().and_then(|at| Timestamp::from_second(at.secs()).ok());
        let credential = Credential { key_id: AccessKeyId::new(key.access_key_id()), secret };
        Ok((credential, created.unwrap_or(Timestamp::UNIX_EPOCH)))
    }

    /// [UpdateAccessKey](https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html)
    /// to Inactive. A key that is gone is as good as inactive.
    pub(crate) async fn deactivate(&self, user: &str, key: &AccessKeyId) -> Result<(), CallError> {
        let request = self
            .ready()
            .await
            .update_access_key()
            .user_name(user)
            .access_key_id(key.as_str())
            .status(StatusType::Inactive);
        unless_gone(request.send().await.map(drop).map_err(|e| failed("iam:UpdateAccessKey", &e).about(user)))
    }

    /// UpdateAccessKey to Active. A key that is gone is an error: nobody can use it again.
    #[cfg(feature = "cli")]
    pub(crate) async fn activate(&self, user: &str, key: &AccessKeyId) -> Result<(), CallError> {
        let request = self
            .ready()
            .await
            .update_access_key()
            .user_name(user)
            .access_key_id(key.as_str())
            .status(StatusType::Active);
        request.send().await.map(drop).map_err(|e| failed("iam:UpdateAccessKey", &e).about(user))
    }

    /// [DeleteAccessKey](https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html).
    /// A key that is gone is deleted.
    pub(crate) async fn delete(&self, user: &str, key: &AccessKeyId) -> Result<(), CallError> {
        let request = self.ready().await.delete_access_key().user_name(user).access_key_id(key.as_str());
        unless_gone(request.send().await.map(drop).map_err(|e| failed("iam:DeleteAccessKey", &e).about(user)))
    }

    /// A user's tags, every page of
    /// [ListUserTags](https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUserTags.html).
    pub(crate) async fn user_tags(&self, user: &str) -> Result<BTreeMap<String, String>, CallError> {
        const ACTION: &str = "iam:ListUserTags";
        let mut tags = BTreeMap::new();
        let mut marker = None;
        for _ in 0..MAX_PAGES {
            let request = self.ready().await.list_user_tags().user_name(user).set_marker(marker.take());
            let page = request.send().await.map_err(|e| failed(ACTION, &e).about(user))?;
            tags.extend(page.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())));
            match page.marker() {
                Some(next) if page.is_truncated() => marker = Some(next.to_owned()),
                _ => return Ok(tags),
            }
        }
        Err(CallError::incomplete(ACTION))
    }

    /// [TagUser](https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html).
    #[cfg(feature = "cli")]
    pub(crate) async fn tag_user(&self, user: &str, key: &str, value: &str) -> Result<(), CallError> {
        const ACTION: &str = "iam:TagUser";
        let tag = aws_sdk_iam::types::Tag::builder().key(key).value(value).build();
        let tag = tag.map_err(|_| CallError::incomplete(ACTION))?;
        let request = self.ready().await.tag_user().user_name(user).tags(tag);
        request.send().await.map(drop).map_err(|e| failed(ACTION, &e).about(user))
    }

    /// The account's alias, of which it has one at most
    /// ([ListAccountAliases](https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html)).
    #[cfg(feature = "cli")]
    pub(crate) async fn account_alias(&self) -> Result<Option<String>, CallError> {
        let answer = self.ready().await.list_account_aliases().send().await;
        let answer = answer.map_err(|e| failed("iam:ListAccountAliases", &e))?;
        Ok(answer.account_aliases().first().cloned())
    }

    /// Whether a user is in a group: every page of
    /// [ListGroupsForUser](https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupsForUser.html).
    pub(crate) async fn is_in_group(&self, user: &str, group: &str) -> Result<bool, CallError> {
        const ACTION: &str = "iam:ListGroupsForUser";
        let mut marker = None;
        for _ in 0..MAX_PAGES {
            let request = self.ready().await.list_groups_for_user().user_name(user).set_marker(marker.take());
            let page = request.send().await.map_err(|e| failed(ACTION, &e).about(user))?;
            // IAM's group names are unique without regard to case.
            if page.groups().iter().any(|known| known.group_name().eq_ignore_ascii_case(group)) {
                return Ok(true);
            }
            match page.marker() {
                Some(next) if page.is_truncated() => marker = Some(next.to_owned()),
                _ => return Ok(false),
            }
        }
        Err(CallError::incomplete(ACTION))
    }
}

fn unless_gone(result: Result<(), CallError>) -> Result<(), CallError> {
    match result {
        Err(error) if error.is_not_found() => Ok(()),
        other => other,
    }
}
