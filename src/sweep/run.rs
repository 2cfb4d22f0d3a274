//! The sweep of one account: survey, visits, report.

use std::time::Duration;

use futures_util::stream::{FuturesOrdered, StreamExt as _};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use super::account::Account;
use super::answer::{AccountAnswer, answer};
use super::candidate::Candidate;
use super::conclude::conclude;
use super::lifecycle::starts_rotations;
use super::survey::Survey;
use super::visit::Visit;
use crate::aws::Aws;
use crate::config::SweepConfig;
use crate::error::{Error, Result};
use crate::event::{AccountEvent, Invocation};
use crate::model::{Progress, UserName};
use crate::plan::Planned;
use crate::plan::sweep::{Demand, FleetAction};
use crate::telemetry::{Metric, Metrics};

/// Users that are visited at once. IAM is called at its own pace whatever this says.
const VISITS_AT_ONCE: usize = 8;
/// What is kept of the invocation's time to end the visits under way, and to report.
const CLOSING_TIME: Duration = Duration::from_secs(60);

/// Sweeps one account, or as much of it as there is time for.
pub(super) async fn sweep(
    aws: &Aws,
    config: &SweepConfig,
    metrics: &Metrics,
    event: &AccountEvent,
    invocation: &Invocation,
) -> Result<AccountAnswer> {
    let stop = invocation.deadline - CLOSING_TIME.min(invocation.left() / 4);
    let mut account = Account::open(aws, config, event.account.as_deref(), &invocation.function_arn).await?;
    account.owner.clone_from(&event.email);
    let survey = account.survey().await?;
    let (candidates, demand) = wanted(&account, &survey, event)?;
    let total = candidates.len();
    tracing::info!(
        account = account.number,
        users = survey.users,
        visits = total,
        mode = config.mode.name(),
        "surveyed"
    );

    let mut visits = Vec::new();
    let (mut visited, mut last) = (0, None);
    let mut waiting = candidates.into_iter();
    let mut visiting = FuturesOrdered::new();
    loop {
        // The first visit is made however late it is, so that every invocation comes further.
        while visiting.len() < VISITS_AT_ONCE
            && (Instant::now() < stop || (visited == 0 && visiting.is_empty()))
            && let Some(candidate) = waiting.next()
        {
            visiting.push_back(account.visit(candidate, demand));
        }
        let Some(visit) = visiting.next().await else { break };
        visited += 1;
        last = Some(visit.user.name.to_string());
        if visit.is_eventful() {
            visits.push(visit);
        }
        if visited % 100 == 0 {
            tracing::info!(visited, of = total, "on its way");
        }
    }
    let stopped_after = last.filter(|_| visited < total);
    let mut answer = answer(&account, event, &survey, &visits, visited);
    if stopped_after.is_some() {
        answer.outcome = "continues";
    }
    measure(metrics, &survey, &visits, account.now());
    conclude(&account, event, &survey, &visits, &answer, stopped_after.as_deref(), invocation).await;
    if let Some(earlier) = event.resume.progress() {
        answer.users.visited = answer.users.visited.saturating_add(earlier.visited);
        answer.counts.add(&earlier.counts);
    }
    if let Some(after) = stopped_after {
        let progress = Progress { after, visited: answer.users.visited, counts: answer.counts.clone() };
        let marker = json!(progress).to_string();
        go_on(aws, event, &marker, invocation).await?;
        answer.marker = Some(marker);
    }
    Ok(answer)
}

/// Who is to be visited: those whom the survey has shown to need it, in the order of their names,
/// from where an earlier invocation left off; or the one user that was asked for.
fn wanted<'s>(
    account: &Account<'_>,
    survey: &'s Survey,
    event: &AccountEvent,
) -> Result<(Vec<&'s Candidate>, Demand)> {
    if let Some(name) = &event.force_rotate {
        starts_rotations(account.config, "ForceRotate")?;
        let candidate = survey.candidates.get(&UserName::new(name)).ok_or_else(|| Error::InvalidEvent {
            field: "ForceRotate".into(),
            problem: format!(
                "names no user in the sweep's scope in account {}",
                account.number.as_deref().unwrap_or("of its own")
            ),
            remedy: "Name an IAM user that has a secret, or set ROTATOR_SCOPE=all.",
        })?;
        return Ok((vec![candidate], Demand::Rotate));
    }
    let marker = event.resume.progress().map(|progress| UserName::new(&progress.after));
    let after_marker = |key: &UserName| marker.as_ref().is_none_or(|marker| key > marker);
    let candidates = survey
        .candidates
        .iter()
        .filter(|(key, candidate)| candidate.triage.look && after_marker(key))
        .map(|(_, candidate)| candidate)
        .collect();
    Ok((candidates, Demand::Due))
}

fn measure(metrics: &Metrics, survey: &Survey, visits: &[Visit], now: Timestamp) {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let triages = || survey.candidates.values().map(|candidate| &candidate.triage);
    let oldest = triages().filter_map(|triage| triage.oldest).min();
    let days = oldest.map_or(0, |oldest| now.duration_since(oldest).as_hours() / 24);
    let retired = |planned: &&Planned<FleetAction>| planned.action.is_destructive();
    let retired = visits.iter().flat_map(|visit| &visit.actions).filter(retired).count();
    for metric in [
        Metric::KeysOverdue(count(triages().filter(|triage| triage.overdue).count())),
        Metric::UnknownKeys(count(triages().filter(|triage| triage.unknown).count())),
        Metric::OldestKeyAgeDays(u32::try_from(days).unwrap_or_default()),
        Metric::StuckRotations(count(visits.iter().filter(|visit| visit.is_stuck()).count())),
        Metric::UsersSkipped(count(visits.iter().filter(|visit| visit.failure.is_some()).count())),
    ] {
        metrics.emit(metric, &[]);
    }
    if retired > 0 {
        metrics.emit(Metric::KeysRetired(count(retired)), &[]);
    }
}

/// Has the rest of the account swept. In an organization the state machine does that, with the
/// marker it is answered.
async fn go_on(aws: &Aws, event: &AccountEvent, marker: &str, invocation: &Invocation) -> Result<()> {
    if event.is_part_of_many() {
        return Ok(());
    }
    let mut next = json!({"continue": marker, "dryrun": event.dryrun});
    for (field, value) in [("account", &event.account), ("name", &event.name), ("email", &event.email)] {
        if let Some(value) = value {
            next[field] = json!(value);
        }
    }
    tracing::info!(marker, "time is up; going on in another invocation");
    Ok(aws.lambda().invoke_later(&invocation.function_arn, &next).await?)
}
