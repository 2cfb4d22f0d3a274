//! `plan`: what a sweep would do now.

use std::collections::BTreeMap;

use serde::Serialize;

use super::confirm::count;
use super::findings::Groups;
use super::fleet::{Reading, Source, age_of_data, named, read_all};
use super::{Exit, Failure, Session, Terminal, mode};
use crate::config::{Mode, SweepConfig};
use crate::model::{Finding, Phrase};
use crate::plan::sweep::FleetAction;
use crate::plan::{Change, Planned, deletion};
use crate::sweep::{Account, Candidate, Survey, Visit};

/// Arguments of `plan`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The plan follows the mode of the deployed sweep (--function) or of ROTATOR_MODE, by default retire.
In mode audit it shows what enforce would do. Nothing is changed in any mode.

More than 50 users are read from lists: thousands in a minute. Such data are up to 4 hours old, and
a key's age counts from its creation or last change. --fresh and --user read each user now, as
`sweep --apply` always does.

Examples:
  iam-key-rotator plan
  iam-key-rotator plan --mode enforce
  iam-key-rotator --function sweep plan --json
  iam-key-rotator plan --user ci-bot")]
pub(crate) struct Args {
    /// Only users of this name; * for any characters
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Vec<String>,
    /// Plan by this mode instead of the configured one (ROTATOR_MODE)
    #[arg(long, value_name = "MODE", value_parser = mode::parse)]
    pub(crate) mode: Option<Mode>,
    /// Read each user now, however many there are
    #[arg(long)]
    pub(crate) fresh: bool,
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
    refused: Option<&'v Phrase>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    source: Source,
}

#[derive(Debug, Serialize)]
struct ActionView {
    kind: &'static str,
    action: String,
    reason: String,
}

/// How closely users are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Users that the lists show to need a visit; read from the lists if there are many.
    Lists,
    /// Each of those.
    Each,
    /// Each user.
    Everybody,
}

/// A plan for users: what would be done, and what it was made from.
#[derive(Debug)]
pub(super) struct FleetPlan {
    pub(crate) survey: Survey,
    pub(crate) visits: Vec<Visit>,
    /// Users left out because of Ctrl-C.
    pub(crate) left: usize,
}

pub(crate) async fn run(args: &Args, session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let depth = if args.fresh { Depth::Everybody } else { Depth::Lists };
    show(args, depth, session, terminal).await
}

/// Shows the plan, which is made from this much.
pub(super) async fn show(
    args: &Args,
    depth: Depth,
    session: &Session,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    // Reading needs less than acting: a missing setting is refused by `sweep --apply`.
    let config = SweepConfig { mode: args.mode.unwrap_or(session.configured), ..session.config.clone() };
    terminal.tell(session.global.json, session.mode_line(args.mode))?;
    let plan = FleetPlan::make(&args.user, &config, depth, session, terminal).await?;
    if session.global.json {
        terminal.json(&plan.visits.iter().map(UserPlanView::of).collect::<Vec<_>>())?;
        for odd in &plan.survey.odd_rows {
            terminal.note(format!("note: {odd}"))?;
        }
        if let Some(age) = age_of_data(&plan.visits) {
            terminal.note(age)?;
        }
    } else {
        plan.print(terminal, false)?;
        terminal.line(match plan.changes() {
            0 => "Nothing was changed.".to_owned(),
            _ => format!("Nothing was changed. To do this: `{}`", command_that_does_it(args, session)),
        })?;
    }
    Ok(ended(&plan.visits, plan.left))
}

/// The whole command line: pasted, it acts on the same users of the same account.
fn command_that_does_it(args: &Args, session: &Session) -> String {
    let users = args.user.iter().flat_map(|user| ["--user", user]);
    let acting = match args.mode.or_else(|| session.sweep_mode.is_none().then_some(session.configured)) {
        None if session.configured == Mode::Audit => Some(Mode::Enforce),
        Some(Mode::Audit) => Some(Mode::Enforce),
        other => other,
    };
    let mode = acting.into_iter().flat_map(|acting| ["--mode", acting.name()]);
    let words = ["sweep", "--apply"].into_iter().chain(mode).chain(users);
    session.global.command(words)
}

impl FleetPlan {
    /// Plans by these settings and their mode, and changes nothing.
    pub(crate) async fn make(
        users: &[String],
        config: &SweepConfig,
        depth: Depth,
        session: &Session,
        terminal: &mut Terminal,
    ) -> Result<Self, Failure> {
        let account = session.account(&session.config).await?;
        let survey = account.full_survey().await?;
        let candidates = wanted(&survey, users, depth == Depth::Everybody)?;
        let reading = Reading::of(depth != Depth::Lists, users, candidates.len());
        let planner = planner(config, session).await?;
        let (mut visits, left) =
            read_all(&account, &planner, &survey, &candidates, reading, terminal).await?;
        for visit in &mut visits {
            add_consequences(config, visit);
        }
        Ok(Self { survey, visits, left })
    }

    /// How many users it changes.
    pub(crate) fn changes(&self) -> usize {
        self.visits.iter().filter(|visit| !visit.actions.is_empty()).count()
    }

    /// Prints it, on stderr where stdout is JSON.
    pub(crate) fn print(&self, terminal: &mut Terminal, json: bool) -> std::io::Result<()> {
        terminal.tell(json, "Plan")?;
        let mut findings = Groups::default();
        for visit in &self.visits {
            print_actions(terminal, json, visit)?;
            for finding in &visit.findings {
                findings.find(&visit.user.name, finding);
            }
        }
        findings.print(terminal, json)?;
        for unbound in &self.survey.unbound {
            terminal.tell(json, format!("\nNo user: secret {unbound}"))?;
        }
        for odd in &self.survey.odd_rows {
            terminal.tell(json, format!("\nnote: {odd}"))?;
        }
        terminal.tell(json, format!("\n{}", summary(&self.visits, &self.survey)))?;
        age_of_data(&self.visits).map_or(Ok(()), |age| terminal.tell(json, age))
    }
}

/// An account that plans by the mode of these settings and stops before the first action.
pub(super) async fn planner<'a>(
    config: &'a SweepConfig,
    session: &'a Session,
) -> Result<Account<'a>, Failure> {
    let account = session.account(config).await?;
    account.stop.request();
    Ok(account)
}

/// Without a recovery window a sweep deletes a key as soon as it is inactive, in the same visit. A
/// deletion is never carried out without having been shown.
fn add_consequences(config: &SweepConfig, visit: &mut Visit) {
    let Some(secret) = &visit.secret else { return };
    let policy = config.shared.policy.with_tags(&secret.tags);
    if !policy.is_ok_and(|policy| policy.recovery.is_zero()) {
        return;
    }
    let deactivated = visit.actions.iter().filter_map(|planned| match &planned.action {
        FleetAction::Change(Change::DeactivateKey { key }) => Some(key),
        _ => None,
    });
    let deletions = deactivated.flat_map(|key| deletion(Some(secret), key, "its recovery window is 0"));
    let after: Vec<_> = deletions.map(|planned| planned.map(FleetAction::Change)).collect();
    visit.actions.extend(after);
}

/// The users that a sweep would visit, or all; or those that are named.
pub(super) fn wanted<'s>(
    survey: &'s Survey,
    names: &[String],
    all: bool,
) -> Result<Vec<&'s Candidate>, Failure> {
    if names.is_empty() {
        let users = survey.candidates.values();
        return Ok(users.filter(|candidate| candidate.triage.look || all).collect());
    }
    named(survey, names)
}

/// Prints a user's name and actions, if there are any.
pub(super) fn print_actions(terminal: &mut Terminal, json: bool, visit: &Visit) -> std::io::Result<()> {
    if visit.actions.is_empty() && visit.left.is_empty() && visit.failure.is_none() {
        return Ok(());
    }
    terminal.tell(json, format!("\n{}", visit.user.name))?;
    for planned in &visit.actions {
        terminal.tell(json, format!("  {planned}"))?;
    }
    for planned in &visit.left {
        terminal.tell(json, format!("  not done, {planned}"))?;
    }
    if let Some(reason) = &visit.refused {
        terminal.tell(json, format!("  {reason}"))?;
    }
    if let Some(error) = &visit.failure {
        let error = error.clone().of_a_command();
        let why = error.chain();
        terminal.tell(json, format!("  failed, {}: {why}", error.error_type()))?;
    }
    Ok(())
}

/// A line of numbers.
fn summary(visits: &[Visit], survey: &Survey) -> String {
    let findings: usize = visits.iter().map(|visit| visit.findings.len()).sum();
    let failures = visits.iter().filter(|visit| visit.failure.is_some()).count();
    format!(
        "{} to do; {}; {}; {} of {} in scope checked.",
        tally(visits),
        count(findings, "finding"),
        count(failures, "failure"),
        visits.len(),
        count(survey.candidates.len(), "user")
    )
}

/// How many actions, and of which kinds.
pub(super) fn tally(visits: &[Visit]) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for planned in visits.iter().flat_map(|visit| &visit.actions) {
        *kinds.entry(planned.action.name()).or_default() += 1;
    }
    let actions: usize = kinds.values().sum();
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    format!("{}{kinds}", count(actions, "action"))
}

/// How a command that visited users ends.
pub(super) fn ended(visits: &[Visit], left: usize) -> Exit {
    let whole = left == 0 && visits.iter().all(|visit| visit.failure.is_none() && visit.left.is_empty());
    if whole { Exit::Done } else { Exit::Failed }
}

impl<'v> UserPlanView<'v> {
    pub(super) fn of(visit: &'v Visit) -> Self {
        let view = |planned: &Planned<FleetAction>| ActionView {
            kind: planned.action.name(),
            action: planned.action.to_string(),
            reason: planned.reason.to_string(),
        };
        Self {
            user: &visit.user.name,
            actions: visit.actions.iter().map(view).collect(),
            left: visit.left.iter().map(view).collect(),
            findings: &visit.findings,
            exempt: visit.exempt.as_deref(),
            refused: visit.refused.as_ref(),
            failure: visit.failure.clone().map(|error| error.of_a_command().chain()),
            source: Source::of(visit),
        }
    }
}
