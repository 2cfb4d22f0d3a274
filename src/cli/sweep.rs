//! `sweep`: the plan, and with `--apply` its execution.

use std::collections::HashMap;

use super::confirm::{Scale, confirm, count, were};
use super::fleet::{preview, visit_all};
use super::plan::{Depth, FleetPlan, UserPlanView, ended, planner, print_actions, tally};
use super::{Exit, Failure, Session, Terminal, mode};
use crate::config::{Mode, SweepConfig};
use crate::model::UserName;
use crate::plan::sweep::{Demand, FleetAction};
use crate::sweep::{Account, Candidate, Visit};

/// Arguments of `sweep`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Without --apply it prints the plan, as `plan` does. With --apply it prints the plan, asks for
confirmation, and does exactly what it showed: it plans each user again first, and skips a user
whose plan has changed. Ctrl-C takes effect between actions.

To confirm, type yes for named users, and the account's alias or number for a whole account.
Without a terminal nothing is changed unless you give --yes.

Examples:
  iam-key-rotator sweep
  iam-key-rotator --function sweep sweep --apply
  iam-key-rotator sweep --apply --mode enforce --user ci-bot
  iam-key-rotator --function sweep sweep --apply --yes      unattended")]
pub(crate) struct Args {
    /// Carry out the plan once you confirm it
    #[arg(long)]
    pub(crate) apply: bool,
    /// Only users of this name; * for any characters
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Vec<String>,
    /// Act in this mode instead of the configured one (ROTATOR_MODE, by default retire): `retire` retires
    /// superseded and abandoned keys, `enforce` also rotates and enrolls, `audit` changes nothing
    #[arg(long, value_name = "MODE", requires = "apply", value_parser = mode::parse)]
    pub(crate) mode: Option<Mode>,
    /// Do not ask for confirmation
    #[arg(long, requires = "apply")]
    pub(crate) yes: bool,
}

/// What was shown for each user that is to be changed, by the user's name.
type Shown<'p> = HashMap<&'p str, &'p Visit>;

pub(crate) async fn run(args: &Args, session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if !args.apply {
        let plan = super::plan::Args { user: args.user.clone(), mode: None, fresh: false };
        return super::plan::show(&plan, Depth::Each, session, terminal).await;
    }
    let config = acting(args, session)?;
    let json = session.global.json;
    terminal.tell(json, session.mode_line(args.mode))?;
    let plan = FleetPlan::make(&args.user, &config, Depth::Each, session, terminal).await?;
    if !json || !args.yes {
        plan.print(terminal, json)?;
    }
    if plan.left > 0 {
        terminal.note("Stopped by Ctrl-C before the plan was complete. Nothing was changed.")?;
        return Ok(Exit::Failed);
    }
    if plan.changes() == 0 {
        return close(&plan.visits, 0, session, terminal);
    }
    let account = session.account(&config).await?;
    let scale = Scale { verb: "Change", users: plan.changes(), named: !args.user.is_empty() };
    if !args.yes && !confirm(scale, &account, session, terminal).await? {
        terminal.tell(json, "\nNothing was changed.")?;
        return Ok(Exit::Failed);
    }
    carry_out(plan, &account, session, terminal).await
}

/// The settings to act by: in the mode that the command line says, else in the configured one.
fn acting(args: &Args, session: &Session) -> Result<SweepConfig, Failure> {
    match args.mode.unwrap_or(session.configured) {
        Mode::Audit => Err(Failure::Usage(
            "mode audit changes nothing. To act, add `--mode retire` (superseded and abandoned keys only) or \
             `--mode enforce` (rotations and enrollments too)"
                .into(),
        )),
        acting => session.in_mode(acting),
    }
}

/// Does what was shown. Users with nothing to do are not visited again.
async fn carry_out(
    plan: FleetPlan,
    account: &Account<'_>,
    session: &Session,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let planner = planner(account.config, session).await?;
    let changed = plan.visits.iter().filter(|visit| !visit.actions.is_empty());
    let shown: Shown<'_> = changed.map(|visit| (visit.user.name.as_str(), visit)).collect();
    let named = |candidate: &&Candidate| shown.contains_key(candidate.user.name.as_str());
    let candidates: Vec<&Candidate> = plan.survey.candidates.values().filter(named).collect();
    let json = session.global.json;
    let visit = |candidate| act_as_shown(candidate, &shown, &planner, account);
    let (done, left) = visit_all(account, &candidates, terminal, "sweeping", visit, |terminal, visit| {
        if json { Ok(()) } else { print_actions(terminal, json, visit) }
    })
    .await?;
    if !json {
        let failures = done.iter().filter(|visit| visit.failure.is_some()).count();
        terminal.line(format!("\n{} done; {}.", tally(&done), count(failures, "failure")))?;
    }
    if account.stop.is_requested() {
        let last = done.last().map_or("none", |visit| visit.user.name.as_str());
        terminal.note(format!(
            "Stopped by Ctrl-C. The last user was {last}; {} not begun. Every action above is \
             complete. Run it again to resume.",
            were(left, "user")
        ))?;
    }
    close(&outcome(plan.visits, done), left, session, terminal)
}

/// What came of each user: of one that was not begun, the plan as not done.
fn outcome(planned: Vec<Visit>, done: Vec<Visit>) -> Vec<Visit> {
    let mut done: HashMap<UserName, Visit> =
        done.into_iter().map(|visit| (visit.user.name.clone(), visit)).collect();
    let came_of = |mut visit: Visit| {
        done.remove(&visit.user.name).unwrap_or_else(|| {
            visit.left.append(&mut visit.actions);
            visit
        })
    };
    planned.into_iter().map(came_of).collect()
}

/// Plans one user again, and acts if every action was shown. An action that was not has not been
/// confirmed.
async fn act_as_shown(
    candidate: &Candidate,
    shown: &Shown<'_>,
    planner: &Account<'_>,
    account: &Account<'_>,
) -> Visit {
    let mut fresh = preview(planner, candidate).await;
    let known: Vec<&FleetAction> = shown
        .get(candidate.user.name.as_str())
        .map(|visit| visit.actions.iter().map(|planned| &planned.action).collect())
        .unwrap_or_default();
    if fresh.failure.is_some() {
        fresh.left = std::mem::take(&mut fresh.actions);
        return fresh;
    }
    if fresh.actions.iter().any(|planned| !known.contains(&&planned.action)) {
        fresh.left = std::mem::take(&mut fresh.actions);
        fresh.refused = Some("left out: the plan has changed since it was shown. Run it again".into());
        return fresh;
    }
    account.visit(candidate, Demand::Due).await
}

/// The result for machines, and how the command ends.
fn close(visits: &[Visit], left: usize, session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if session.global.json {
        terminal.json(&visits.iter().map(UserPlanView::of).collect::<Vec<_>>())?;
    }
    Ok(ended(visits, left))
}
