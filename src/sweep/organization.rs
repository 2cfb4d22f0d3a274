//! The accounts of an organization, for the state machine that has each of them swept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::organization_digest::tell_of_organization;
use super::recall::{Recall, hash_of};
use crate::aws::{Aws, MemberAccount, Organizations};
use crate::config::SweepConfig;
use crate::error::{Error, Result};

/// Accounts that one answer names at most, give or take one of Organizations' pages: the state
/// machine carries 256 KiB from state to state
/// ([quotas](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)).
const PAGE: usize = 480;

/// Pages that are read for one answer at most: an organization has
/// [thousands of accounts and units](https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html),
/// and a page may be empty.
const MOST_READS: usize = 10_000;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct AccountsAnswer {
    /// The accounts that are in use.
    pub(crate) accounts: Vec<MemberAccount>,
    /// Where the next page begins; absent on the last.
    pub(crate) marker: Option<String>,
    /// Accounts that were asked for and are none of the organization's, or not beneath that unit.
    pub(crate) unknown: Vec<String>,
}

/// How the sweeps of an organization went.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Conclusion {
    /// Accounts that were swept.
    pub(crate) swept: u32,
    /// Accounts whose sweep failed, or left users out.
    pub(crate) failed: u32,
}

/// Where a walk through the units stands. A unit's accounts come first, then the units beneath it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Walk {
    /// Units still to be read, the first of them in part.
    units: Vec<String>,
    /// Where its list of accounts goes on.
    next: Option<String>,
}

/// Names a page of the accounts that are in use: all, those of a unit and the units beneath it, or
/// those of a list.
pub(super) async fn accounts(
    aws: &Aws,
    unit: Option<&str>,
    only: &[String],
    marker: Option<&str>,
) -> Result<AccountsAnswer> {
    let organization = aws.organizations();
    // Only a walk from one end to the other can tell who is nowhere.
    let mut unknown = if marker.is_none() { only.to_vec() } else { Vec::new() };
    let mut walk: Walk = match (marker, unit) {
        (Some(marker), _) => serde_json::from_str(marker).map_err(|_| Error::InvalidEvent {
            field: "marker".into(),
            problem: "is none that this function answered".into(),
            remedy: "Begin without a marker.",
        })?,
        (None, unit) => Walk { units: unit.into_iter().map(str::to_owned).collect(), next: None },
    };
    let (mut accounts, mut inactive) = (Vec::new(), BTreeMap::new());
    for _ in 0..MOST_READS {
        let (page, next) = match walk.units.first() {
            Some(unit) => organization.accounts_of(unit, walk.next.take()).await?,
            None => organization.accounts(walk.next.take()).await?,
        };
        unknown.retain(|asked| !page.iter().any(|account| account.account == *asked));
        for account in page {
            if !only.is_empty() && !only.contains(&account.account) {
                continue;
            }
            if account.is_active() {
                accounts.push(account);
            } else {
                *inactive.entry(account.state).or_insert(0) += 1;
            }
        }
        walk.next = next;
        if walk.next.is_none() && !walk.units.is_empty() {
            let read = walk.units.remove(0);
            walk.units.extend(units_beneath(&organization, &read).await?);
        }
        if walk.next.is_none() && walk.units.is_empty() {
            if !unknown.is_empty() {
                tracing::warn!(accounts = ?unknown, "no such accounts where they were asked for");
            }
            // A page that follows another comes after active accounts.
            if accounts.is_empty() && marker.is_none() {
                return Err(nobody_active(unit, !only.is_empty(), &inactive, &unknown));
            }
            return Ok(AccountsAnswer { accounts, marker: None, unknown });
        }
        if accounts.len() >= PAGE {
            let marker = serde_json::to_string(&walk).ok();
            return Ok(AccountsAnswer { accounts, marker, unknown: Vec::new() });
        }
    }
    Err(endless())
}

fn endless() -> Error {
    Error::PlanChanged { problem: format!("Organizations' lists have not ended after {MOST_READS} pages") }
}

/// A sweep of no account is no success: nothing would be rotated, and nothing would say so.
fn nobody_active(
    unit: Option<&str>,
    is_list: bool,
    inactive: &BTreeMap<String, usize>,
    unknown: &[String],
) -> Error {
    let name = match unit {
        Some(unit) => format!("organizational unit {}", unit.escape_default()),
        None if is_list => "accounts".into(),
        None => "organization".into(),
    };
    let listed = inactive.values().sum::<usize>();
    let noun = if listed == 1 { "account" } else { "accounts" };
    let count = if listed == 0 { "no".to_owned() } else { listed.to_string() };
    let states: Vec<String> =
        inactive.iter().map(|(state, count)| format!("{count} {}", state.escape_default())).collect();
    let mut problem = format!("has no active account: Organizations lists {count} {noun}");
    if !states.is_empty() {
        problem.push_str(&format!(" ({})", states.join(", ")));
    }
    if !unknown.is_empty() {
        problem.push_str(&format!("; not found: {}", unknown.join(", ")));
    }
    Error::InvalidConfig {
        name,
        problem,
        expected: "at least one account in state ACTIVE. Compare `aws organizations list-accounts --query 'Accounts[].[Id,State]'` with the units and accounts that the sweep is deployed for".into(),
    }
}

/// Every page of the units right beneath one.
async fn units_beneath(organization: &Organizations, unit: &str) -> Result<Vec<String>> {
    let (mut units, mut next) = (Vec::new(), None);
    for _ in 0..MOST_READS {
        let (page, more) = organization.units_of(unit, next).await?;
        units.extend(page);
        if more.is_none() {
            return Ok(units);
        }
        next = more;
    }
    Err(endless())
}

/// Tells the administrator: one alert of all that failed, one summary; the same not again within 30 days, a
/// failure not within a day.
pub(super) async fn conclude(
    aws: &Aws,
    config: &SweepConfig,
    results: &[Value],
    function_arn: &str,
) -> Conclusion {
    let failed = |result: &Value| {
        result.get("error").is_some() || result.get("failures").and_then(Value::as_u64).unwrap_or(1) > 0
    };
    let failures: Vec<&Value> = results.iter().filter(|result| failed(result)).collect();
    let conclusion = Conclusion {
        swept: u32::try_from(results.len()).unwrap_or(u32::MAX),
        failed: u32::try_from(failures.len()).unwrap_or(u32::MAX),
    };
    let recall = Recall { aws, function_arn, account: "organization" };
    let done = |result: &Value| result["actions"].as_object().is_some_and(|actions| !actions.is_empty());
    let acted = config.mode.acts() && results.iter().any(done);
    let hash = hash_of(&reported(aws, config.mode.acts(), results, &failures));
    let before = recall.read().await;
    if acted || !before.is(&hash) {
        tell_of_organization(aws, config, results, &failures).await;
        recall.write(&hash, &before).await;
    }
    conclusion
}

/// What the summary says of each account. Of a failure the day counts too, so that it is repeated daily.
fn reported(aws: &Aws, acts: bool, results: &[Value], failures: &[&Value]) -> Vec<String> {
    const DAY: i64 = 24 * 60 * 60;
    let day = aws.clock.now().as_second().div_euclid(DAY);
    let line = |result: &Value| {
        let of = |field: &str| result.get(field).map(Value::to_string).unwrap_or_default();
        // What was done is reported whenever it was done.
        let planned = if acts { String::new() } else { of("actions") };
        format!("{} {planned} {}", of("account"), of("findings"))
    };
    let failed = failures.iter().map(|result| format!("{} {} {day}", result["account"], result["error"]));
    results.iter().map(line).chain(failed).chain([(day / 30).to_string()]).collect()
}
