//! One account: survey, visits, digest.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream::{FuturesOrdered, StreamExt as _};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use super::conclude::conclude;
use super::survey::{Candidate, Survey};
use super::visit::Visit;
use crate::aws::{Aws, Iam, SecretsManager};
use crate::config::{Mode, SecretsIn, SweepConfig};
use crate::error::{Error, Result};
use crate::event::AccountEvent;
use crate::event::Invocation;
use crate::model::{Counts, Progress, UserRef};
use crate::plan::sweep::{Demand, FleetAction};
use crate::telemetry::{Metric, Metrics};

/// Users that are visited at once. IAM is called at its own pace whatever this says.
const VISITS_AT_ONCE: usize = 8;
/// What is kept of the invocation's time to end the visits under way, and to report.
const CLOSING_TIME: Duration = Duration::from_secs(60);

/// An account, and the clients that reach it.
#[derive(Clone, Debug)]
pub struct Account<'a> {
    /// AWS, under the sweep's own role.
    pub aws: &'a Aws,
    /// The sweep's settings.
    pub config: &'a SweepConfig,
    /// Its number, where it is known.
    pub number: Option<String>,
    /// The partition it is in, e.g. `aws-us-gov`.
    pub partition: String,
    /// Whether it is another account than the sweep's.
    pub is_member: bool,
    /// IAM there, at a pace that leaves room for others.
    pub iam: Iam,
    /// Secrets Manager, where the secrets of its users are.
    pub secrets: SecretsManager,
    /// Its owner's address, as the event gives it.
    pub owner: Option<String>,
    /// How the tags of its users' secrets begin, where those of other accounts' lie beside them.
    pub tag_prefix: Option<String>,
    /// Ends the visits before their next action.
    pub stop: Stop,
}

/// A wish to stop, which whoever acts asks after before each action.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Wishes it.
    pub fn wish(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is wished.
    pub fn is_wished(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the sweep of an account answers.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AccountAnswer {
    /// The account.
    pub account: Option<String>,
    /// `audit` or `enforce`.
    pub mode: Mode,
    /// `done`, `continues`, or `nothing-to-do` where a rotation was asked for and not requested.
    pub outcome: &'static str,
    /// Where to go on; absent when all users are done.
    pub marker: Option<String>,
    /// How many users there are, and how many were looked at closely since the sweep began.
    pub users: Users,
    /// What came of it since the sweep began, in however many invocations.
    #[serde(flatten)]
    pub counts: Counts,
    /// The plan of this invocation, a line an action: what was done, or would be.
    pub plan: Vec<String>,
    /// Its findings, a line each.
    pub found: Vec<String>,
    /// What was asked for and not done, and why.
    pub refused: Vec<String>,
    /// Rows of the credential report that are not as AWS documents them.
    #[serde(rename = "oddRows", skip_serializing_if = "Vec::is_empty")]
    pub odd_rows: Vec<String>,
}

/// How many users there are.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Users {
    /// In the account.
    pub total: usize,
    /// In the sweep's scope.
    pub in_scope: usize,
    /// Looked at closely.
    pub visited: usize,
    /// With an active key that is older than it should ever be.
    pub overdue: usize,
}

impl<'a> Account<'a> {
    /// Opens the account that is wished for, by default the sweep's own.
    pub async fn open(
        aws: &'a Aws,
        config: &'a SweepConfig,
        wished: Option<&str>,
        home_arn: &str,
    ) -> Result<Self> {
        let mut arn = home_arn.split(':').skip(1);
        let partition = arn.next().filter(|partition| !partition.is_empty()).unwrap_or("aws");
        let home = arn.nth(2).filter(|account| account.len() == 12);
        let number = wished.or(home).map(str::to_owned);
        let Some(member) = wished.filter(|wished| Some(*wished) != home) else {
            let (iam, secrets) = (aws.iam().clone().paced(), aws.secrets.clone());
            let (is_member, owner, tag_prefix, stop) = (false, None, None, Stop::default());
            let partition = partition.to_owned();
            return Ok(Self {
                aws,
                config,
                number,
                partition,
                is_member,
                iam,
                secrets,
                owner,
                tag_prefix,
                stop,
            });
        };
        let role = config.shared.member_role(partition, member).ok_or_else(|| Error::InvalidConfig {
            name: "ROTATOR_MEMBER_ROLE".into(),
            problem: format!("is not set, and account {member} is not the sweep's own"),
            expected: "the name of the role to assume there".into(),
        })?;
        let member_clients = aws.member(&role).await;
        let (secrets, tag_prefix) = match config.secrets_in {
            SecretsIn::Member => (member_clients.secrets, None),
            SecretsIn::Central => (aws.secrets.clone(), Some(format!("arn:{partition}:iam::{member}:user/"))),
        };
        let iam = member_clients.iam.paced();
        let (partition, is_member, owner, stop) = (partition.to_owned(), true, None, Stop::default());
        Ok(Self { aws, config, number, partition, is_member, iam, secrets, owner, tag_prefix, stop })
    }

    /// The account's user of this name, whose path is not known.
    pub fn named(&self, name: &str) -> UserRef {
        UserRef {
            partition: self.partition.clone(),
            account: self.number.clone().unwrap_or_default(),
            path: String::new(),
            name: name.to_owned(),
        }
    }

    /// Now, by AWS's clock.
    pub fn now(&self) -> Timestamp {
        self.aws.clock.now()
    }
}

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
    tracing::info!(account = account.number, users = survey.users, visits = total, mode = ?config.mode, "surveyed");

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
        last = Some(visit.user.name.clone());
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
        super::lifecycle::starts_rotations(account.config, "ForceRotate")?;
        let candidate =
            survey.candidates.get(&name.to_ascii_lowercase()).ok_or_else(|| Error::InvalidEvent {
                field: "ForceRotate".into(),
                problem: format!(
                    "names no user in the sweep's scope in account {}",
                    account.number.as_deref().unwrap_or("of its own")
                ),
                remedy: "Name an IAM user that has a secret, or set ROTATOR_SCOPE=all.",
            })?;
        return Ok((vec![candidate], Demand::Rotate));
    }
    let marker = event.resume.progress().map(|progress| progress.after.to_ascii_lowercase());
    let after_marker = |key: &String| marker.as_ref().is_none_or(|marker| key > marker);
    let candidates = survey
        .candidates
        .iter()
        .filter(|(key, candidate)| candidate.glance.look && after_marker(key))
        .map(|(_, candidate)| candidate)
        .collect();
    Ok((candidates, Demand::Due))
}

fn answer(
    account: &Account<'_>,
    event: &AccountEvent,
    survey: &Survey,
    visits: &[Visit],
    visited: usize,
) -> AccountAnswer {
    let mut answer = AccountAnswer {
        account: account.number.clone(),
        mode: account.config.mode,
        outcome: "done",
        users: Users {
            total: survey.users,
            in_scope: survey.candidates.len(),
            visited,
            overdue: survey.candidates.values().filter(|candidate| candidate.glance.overdue).count(),
        },
        odd_rows: survey.odd_rows.clone(),
        ..AccountAnswer::default()
    };
    // Somebody asked for a rotation: "done" would tell that there was one.
    let idle = visits.iter().all(|visit| visit.actions.is_empty());
    if event.force_rotate.is_some() && idle {
        answer.outcome = "nothing-to-do";
    }
    for visit in visits {
        for planned in &visit.actions {
            *answer.counts.actions.entry(planned.action.name().to_owned()).or_default() += 1;
            answer.plan.push(format!("{}: {planned}", visit.user.name));
        }
        for finding in &visit.findings {
            *answer.counts.findings.entry(format!("{:?}", finding.kind)).or_default() += 1;
            let key = finding.key.as_ref().map(|key| format!(" {key}")).unwrap_or_default();
            answer.found.push(format!("{}: {:?}{key}: {}", visit.user.name, finding.kind, finding.evidence));
        }
        let refused = visit.refused.as_ref().filter(|_| visit.actions.is_empty());
        answer.refused.extend(refused.map(|reason| format!("{}: {reason}", visit.user.name)));
        answer.counts.failures += u32::from(visit.failure.is_some());
    }
    answer
}

fn measure(metrics: &Metrics, survey: &Survey, visits: &[Visit], now: Timestamp) {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let glances = || survey.candidates.values().map(|candidate| &candidate.glance);
    let oldest = glances().filter_map(|glance| glance.oldest).min();
    let days = oldest.map_or(0, |oldest| now.duration_since(oldest).as_hours() / 24);
    let retired = |planned: &&crate::plan::Planned<FleetAction>| planned.action.is_destructive();
    let retired = visits.iter().flat_map(|visit| &visit.actions).filter(retired).count();
    for metric in [
        Metric::KeysOverdue(count(glances().filter(|glance| glance.overdue).count())),
        Metric::UnknownKeys(count(glances().filter(|glance| glance.unknown).count())),
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
