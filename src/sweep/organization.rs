//! The accounts of an organization, for the state machine that has each of them swept.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::{Aws, MemberAccount};
use crate::config::SweepConfig;
use crate::error::{Error, Result};
use crate::notify;

/// Accounts that one answer names at most, give or take one of Organizations' pages: the state
/// machine carries 256 KiB from state to state
/// ([quotas](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)).
const PAGE: usize = 480;

/// A page of accounts.
#[derive(Clone, Debug, Serialize)]
pub struct AccountsAnswer {
    /// The accounts that are in use.
    pub accounts: Vec<MemberAccount>,
    /// Where the next page begins; absent on the last.
    pub marker: Option<String>,
}

/// How the sweeps of an organization went.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Conclusion {
    /// Accounts that were swept.
    pub swept: u32,
    /// Accounts whose sweep failed, or left users out.
    pub failed: u32,
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
    let mut walk: Walk = match (marker, unit) {
        (Some(marker), _) => serde_json::from_str(marker).map_err(|_| Error::InvalidEvent {
            field: "marker".into(),
            problem: "is none that this function answered".into(),
            remedy: "Begin without a marker.",
        })?,
        (None, unit) => Walk { units: unit.into_iter().map(str::to_owned).collect(), next: None },
    };
    let mut accounts = Vec::new();
    loop {
        let (page, next) = match walk.units.first() {
            Some(unit) => organization.accounts_of(unit, walk.next.take()).await?,
            None => organization.accounts(walk.next.take()).await?,
        };
        let wanted =
            |account: &MemberAccount| account.active && (only.is_empty() || only.contains(&account.account));
        accounts.extend(page.into_iter().filter(wanted));
        walk.next = next;
        if walk.next.is_none() {
            if walk.units.is_empty() {
                return Ok(AccountsAnswer { accounts, marker: None });
            }
            let read = walk.units.remove(0);
            let mut more = None;
            loop {
                let (units, next) = organization.units_of(&read, more.take()).await?;
                walk.units.extend(units);
                match next {
                    Some(next) => more = Some(next),
                    None => break,
                }
            }
            if walk.units.is_empty() {
                return Ok(AccountsAnswer { accounts, marker: None });
            }
        }
        if accounts.len() >= PAGE {
            let marker = serde_json::to_string(&walk).ok();
            return Ok(AccountsAnswer { accounts, marker });
        }
    }
}

/// Tells the administrator: one alert of all that failed, one summary.
pub(super) async fn conclude(aws: &Aws, config: &SweepConfig, results: &[Value]) -> Conclusion {
    let failed = |result: &Value| {
        result.get("error").is_some() || result.get("failures").and_then(Value::as_u64).unwrap_or(1) > 0
    };
    let failures: Vec<&Value> = results.iter().filter(|result| failed(result)).collect();
    let conclusion = Conclusion {
        swept: u32::try_from(results.len()).unwrap_or(u32::MAX),
        failed: u32::try_from(failures.len()).unwrap_or(u32::MAX),
    };
    notify::tell_of_organization(aws, config, results, &failures).await;
    conclusion
}
