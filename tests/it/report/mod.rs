//! The auditor's report, of accounts that the simulator has and that the sweep has worked in.

mod account;
mod chain;
mod course;

use std::path::PathBuf;

use iam_key_rotator::aws::Aws;
use iam_key_rotator::config::SweepConfig;
use iam_key_rotator::report::evidence::User;
use iam_key_rotator::report::{self, Report};
use iam_key_rotator::sweep::Account;

use crate::fleet::{Fleet, SWEEP};
use crate::stage::{ACCOUNT, sdk_config};

/// An auditor's report with the sweep's settings.
pub async fn report_of(fleet: &Fleet, settings: &[(&str, &str)]) -> Report {
    let role = fleet.sim.role_session(ACCOUNT, "auditor");
    let aws = Aws::new(sdk_config(&fleet.sim, &role));
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let config = SweepConfig::from_variables(settings).unwrap();
    let account = Account::open(&aws, &config, None, SWEEP).await.unwrap();
    report::collect(&account, |_, _| {}).await.unwrap()
}

/// What it says of one user.
pub fn user<'r>(report: &'r Report, name: &str) -> &'r User {
    report.users.iter().find(|user| user.name == name).unwrap_or_else(|| panic!("no {name} in the report"))
}

/// The kinds of a user's findings.
pub fn kinds(user: &User) -> Vec<&str> {
    user.findings.iter().map(|finding| finding.kind.as_str()).collect()
}

/// An empty folder of this name.
pub fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
