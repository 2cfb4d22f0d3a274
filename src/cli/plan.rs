//! `plan`: what a sweep would do now.

use std::collections::BTreeMap;

use serde::Serialize;

use super::fleet::visit_all;
use super::{Exit, Failure, Session, Terminal};
use crate::model::Finding;
use crate::sweep::{Candidate, Survey, Visit};

/// Arguments of `plan`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  iam-key-rotator plan
  iam-key-rotator --function sweep plan --json
  iam-key-rotator plan --user ci-bot")]
pub struct Args {
    /// Only these users
    #[arg(long, value_name = "NAME")]
    pub user: Vec<String>,
}

/// What a sweep would do about one user, or did.
#[derive(Debug, Serialize)]
pub(super) struct UserPlanView<'v> {
    user: &'v str,
    actions: Vec<ActionView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left: Vec<ActionView>,
    findings: &'v [Finding],
    #[serde(skip_serializing_if = "Option::is_none")]
    exempt: Option<&'v str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

#[derive(Debug, Serialize)]
struct ActionView {
    kind: &'static str,
    action: String,
    reason: String,
}

/// Prints the plan.
pub async fn run(args: &Args, session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let account = session.account(&session.config).await?;
    let survey = account.survey().await?;
    let candidates = wanted(&survey, &args.user)?;
    let (visits, left) =
        visit_all(&account, &candidates, terminal, "looking at users", |_, _| Ok(())).await?;
    if session.global.json {
        terminal.json(&visits.iter().map(UserPlanView::of).collect::<Vec<_>>())?;
    } else {
        terminal.line("Plan. Nothing is changed.")?;
        for visit in &visits {
            print(terminal, visit)?;
        }
        for unbound in &survey.unbound {
            terminal.line(format!("\nNo user: secret {unbound}"))?;
        }
        terminal.line(format!("\n{}", summary(&visits, &survey, "to do")))?;
        if visits.iter().any(|visit| !visit.actions.is_empty()) {
            terminal.line("`iam-key-rotator sweep --apply` does it.")?;
        }
    }
    Ok(ended(&visits, left))
}

/// Whom a sweep would visit; of a user that is named, whether there is such a one in scope.
pub(super) fn wanted<'s>(survey: &'s Survey, named: &[String]) -> Result<Vec<&'s Candidate>, Failure> {
    if named.is_empty() {
        return Ok(survey.candidates.values().filter(|candidate| candidate.glance.look).collect());
    }
    let find = |name: &String| {
        survey.candidates.get(&name.to_ascii_lowercase()).ok_or_else(|| {
            Failure::Failed(format!(
                "there is no user {name:?} in scope: users that have a secret are, or all with ROTATOR_SCOPE=all"
            ))
        })
    };
    named.iter().map(find).collect()
}

/// Prints what is to be done about a user, or was done.
pub(super) fn print(terminal: &mut Terminal, visit: &Visit) -> std::io::Result<()> {
    let quiet = visit.actions.is_empty() && visit.findings.is_empty() && visit.left.is_empty();
    if quiet && visit.failure.is_none() {
        return Ok(());
    }
    terminal.line(format!("\n{}", visit.user.name))?;
    for planned in &visit.actions {
        terminal.line(format!("  {planned}"))?;
    }
    for planned in &visit.left {
        terminal.line(format!("  not done, {planned}"))?;
    }
    for finding in &visit.findings {
        terminal.line(format!("  finding {:?}: {}. {}", finding.kind, finding.evidence, finding.remedy))?;
    }
    if let Some(error) = &visit.failure {
        terminal.line(format!("  failed, {}: {}", error.error_type(), crate::rotation::chain(error)))?;
    }
    Ok(())
}

/// A line of numbers.
pub(super) fn summary(visits: &[Visit], survey: &Survey, verb: &str) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for planned in visits.iter().flat_map(|visit| &visit.actions) {
        *kinds.entry(planned.action.name()).or_default() += 1;
    }
    let actions: usize = kinds.values().sum();
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    let findings: usize = visits.iter().map(|visit| visit.findings.len()).sum();
    let failures = visits.iter().filter(|visit| visit.failure.is_some()).count();
    format!(
        "{actions} {verb}{kinds}; {findings} findings; {failures} failures; {} of {} users in scope looked at closely.",
        visits.len(),
        survey.candidates.len()
    )
}

/// How a command that visited users ends.
pub(super) fn ended(visits: &[Visit], left: usize) -> Exit {
    let whole = left == 0 && visits.iter().all(|visit| visit.failure.is_none() && visit.left.is_empty());
    if whole { Exit::Done } else { Exit::Failed }
}

impl<'v> UserPlanView<'v> {
    pub(super) fn of(visit: &'v Visit) -> Self {
        let view = |planned: &crate::plan::Planned<crate::plan::sweep::FleetAction>| ActionView {
            kind: planned.action.name(),
            action: planned.action.to_string(),
            reason: planned.reason.clone(),
        };
        Self {
            user: &visit.user.name,
            actions: visit.actions.iter().map(view).collect(),
            left: visit.left.iter().map(view).collect(),
            findings: &visit.findings,
            exempt: visit.exempt.as_deref(),
            failure: visit.failure.as_ref().map(crate::rotation::chain),
        }
    }
}
