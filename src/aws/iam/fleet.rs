//! Reads that cover every user of an account at once.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_iam::types::{EntityType, ReportStateType};
use tokio::time::sleep;

use super::{Iam, Simulated};
use crate::aws::failure::failed;
use crate::error::CallError;
use crate::model::UserName;

/// Members that one page of GetGroup may hold, and users that one of GetAccountAuthorizationDetails may.
const USER_PAGE: i32 = 1000;
/// An account has 5,000 users; pages may be shorter than asked for, a single user each at worst.
const MOST_USER_PAGES: usize = 5000;
/// How often a credential report that is being generated is asked for.
const REPORT_LOOKS: u32 = 30;
/// How long to wait between two of those.
const REPORT_WAIT: Duration = Duration::from_secs(2);

impl Iam {
    /// The account's [credential report](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html),
    /// as CSV: every user in two calls, up to four hours old.
    pub(crate) async fn credential_report(&self) -> Result<Vec<u8>, CallError> {
        const GENERATE: &str = "iam:GenerateCredentialReport";
        const GET: &str = "iam:GetCredentialReport";
        for look in 0..REPORT_LOOKS {
            let answer = self.ready().await.generate_credential_report().send().await;
            let state = answer.map_err(|e| failed(GENERATE, &e))?.state;
            if state == Some(ReportStateType::Complete) {
                match self.ready().await.get_credential_report().send().await {
                    Ok(report) => {
                        let content = report.content.ok_or_else(|| CallError::incomplete(GET))?;
                        return Ok(content.into_inner());
                    }
                    Err(error) => {
                        let error = failed(GET, &error);
                        // The report that was complete has expired meanwhile: another is made.
                        if !["ReportNotPresent", "ReportExpired", "ReportInProgress"].contains(&error.code())
                        {
                            return Err(error);
                        }
                    }
                }
            }
            // A small account's report is there the moment after it was asked for.
            sleep(if look == 0 { REPORT_WAIT / 10 } else { REPORT_WAIT }).await;
        }
        Err(CallError::incomplete(GENERATE))
    }

    /// The tags of every user, every page of
    /// [GetAccountAuthorizationDetails](https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html).
    #[cfg(feature = "cli")]
    pub(crate) async fn tags_of_all_users(
        &self,
    ) -> Result<BTreeMap<UserName, BTreeMap<String, String>>, CallError> {
        const ACTION: &str = "iam:GetAccountAuthorizationDetails";
        let mut users = BTreeMap::new();
        let mut marker = None;
        for _ in 0..MOST_USER_PAGES {
            let request = self.ready().await.get_account_authorization_details();
            let request = request.filter(EntityType::User).max_items(USER_PAGE).set_marker(marker.take());
            let page = request.send().await.map_err(|e| failed(ACTION, &e))?;
            for user in page.user_detail_list() {
                let name = user.user_name().ok_or_else(|| CallError::incomplete(ACTION))?;
                let tags = user.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned()));
                users.insert(UserName::new(name), tags.collect());
            }
            match page.marker() {
                Some(next) if page.is_truncated() => marker = Some(next.to_owned()),
                _ => return Ok(users),
            }
        }
        Err(CallError::incomplete(ACTION))
    }

    /// Whether a role's policies allow these actions on a resource.
    ///
    /// [SimulatePrincipalPolicy](https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html);
    /// it knows nothing of the organization's policies, nor of the resource's own.
    pub(crate) async fn simulate(
        &self,
        role_arn: &str,
        actions: &[&str],
        resource: &str,
    ) -> Result<Vec<Simulated>, CallError> {
        const ACTION: &str = "iam:SimulatePrincipalPolicy";
        let mut results = Vec::new();
        let mut marker = None;
        for _ in 0..MOST_USER_PAGES {
            let request = self
                .ready()
                .await
                .simulate_principal_policy()
                .policy_source_arn(role_arn)
                .set_action_names(Some(actions.iter().map(|action| (*action).to_owned()).collect()))
                .resource_arns(resource)
                .set_marker(marker.take());
            let page = request.send().await.map_err(|e| failed(ACTION, &e))?;
            results.extend(page.evaluation_results().iter().map(|result| Simulated {
                action: result.eval_action_name().to_owned(),
                allowed: result.eval_decision().as_str() == "allowed",
                unknown_conditions: result.missing_context_values().to_vec(),
            }));
            match page.marker() {
                Some(next) if page.is_truncated() => marker = Some(next.to_owned()),
                _ => return Ok(results),
            }
        }
        Err(CallError::incomplete(ACTION))
    }

    /// The names of a group's members, every page of
    /// [GetGroup](https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroup.html); a group
    /// that does not exist has none. Any other failure is never "no members".
    pub(crate) async fn group_members(&self, group: &str) -> Result<Vec<String>, CallError> {
        const ACTION: &str = "iam:GetGroup";
        let mut members = Vec::new();
        let mut marker = None;
        for _ in 0..MOST_USER_PAGES {
            let request = self.ready().await.get_group().group_name(group).max_items(USER_PAGE);
            let page = match request.set_marker(marker.take()).send().await {
                Ok(page) => page,
                Err(error) => {
                    let error = failed(ACTION, &error);
                    return if error.is_not_found() { Ok(Vec::new()) } else { Err(error) };
                }
            };
            members.extend(page.users().iter().map(|user| user.user_name().to_owned()));
            match page.marker() {
                Some(next) if page.is_truncated() => marker = Some(next.to_owned()),
                _ => return Ok(members),
            }
        }
        Err(CallError::incomplete(ACTION))
    }
}
