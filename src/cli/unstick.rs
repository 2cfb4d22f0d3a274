//! `unstick`: from "A previous rotation isn't complete" and its relatives to a clean state.

use super::target::Target;
use super::{Exit, Failure, Session, Terminal};
use crate::model::AccessKey;
use crate::model::names::{AWSCURRENT, AWSPENDING};
use crate::plan::Change;
use crate::plan::unstick::{StuckView, UnstickPlan, unstick};

/// Looks at one secret, each followed by one action. A secret has at most 20 labels, a user two
/// keys.
const LOOKS: u32 = 30;

/// Arguments of `unstick`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
It shows the repair steps and runs them once you confirm. AWSCURRENT and its key are never changed.
A key is deleted only if it is proved to come from a rotation and to be unused. Any other key is
kept and shown.

Examples:
  iam-key-rotator unstick iam-key/ci-bot
  iam-key-rotator unstick ci-bot --yes && iam-key-rotator rotate ci-bot --wait")]
pub(crate) struct Args {
    /// The secret's name or ARN, or its user's name
    pub(crate) secret: String,
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Shows the way, and goes it.
pub(crate) async fn run(args: &Args, session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut target = Target::find(session, &args.secret).await?;
    target.check_enrolled(session)?;
    let (view, plan) = look(&mut target).await?;
    show(terminal, &target, &view.keys)?;
    print(terminal, &plan)?;
    if let Some(wait) = &plan.wait {
        terminal.line(format!("\nNothing is done now: {wait}."))?;
        return Ok(Exit::Findings);
    }
    if plan.is_clean() {
        terminal.line("\nNothing is stuck.")?;
        return Ok(Exit::Done);
    }
    if !args.yes && !terminal.agrees("Do this?")? {
        terminal.line("\nNothing was changed.")?;
        return Ok(Exit::Findings);
    }
    go(&mut target, plan, terminal).await?;
    let next = target.user.as_ref().map_or(target.secret.name.as_str(), |user| &user.name);
    let command = session.global.command(["rotate", next, "--wait"]);
    terminal.line(format!("\nClean. `{command}` rotates it."))?;
    Ok(Exit::Done)
}

/// Does one action for each look, and only one that was shown: what came since needs another yes.
async fn go(target: &mut Target<'_>, shown: UnstickPlan, terminal: &mut Terminal) -> Result<(), Failure> {
    terminal.line("")?;
    let interrupted = terminal.interrupted();
    let mut done: Vec<Change> = Vec::new();
    for _ in 0..LOOKS {
        let (_, plan) = look(target).await?;
        let next = plan.actions.into_iter().find(|planned| !done.contains(&planned.action));
        if let Some(wait) = plan.wait {
            return Err(Failure::Failed(format!("stopped: {wait}")));
        }
        let Some(planned) = next else { return Ok(()) };
        if !shown.actions.iter().any(|known| known.action == planned.action) {
            return Err(Failure::Failed(format!("stopped before something that was not shown: {planned}")));
        }
        if *interrupted.borrow() {
            return Err(Failure::Failed(format!("stopped by Ctrl-C before: {planned}")));
        }
        target.make(&planned.action).await?;
        terminal.line(format!("done: {}", planned.action))?;
        done.push(planned.action);
    }
    Err(Failure::Failed("it did not come to a clean state; run it again".into()))
}

async fn look(target: &mut Target<'_>) -> Result<(StuckView, UnstickPlan), Failure> {
    target.refresh().await?;
    let keys = target.keys().await?;
    let (secret, user) = (target.secret.clone(), target.user.clone());
    let view = StuckView { now: target.account.now(), secret, user, keys };
    let plan = unstick(&view);
    Ok((view, plan))
}

/// What is there: versions with their labels, keys.
pub(super) fn show(terminal: &mut Terminal, target: &Target<'_>, keys: &[AccessKey]) -> std::io::Result<()> {
    let words = target.words();
    terminal.line(format!("{}{}", words[..1].to_uppercase(), &words[1..]))?;
    let mut versions: Vec<_> = target.secret.versions.iter().collect();
    versions.sort_by_key(|version| (!version.has(AWSCURRENT), !version.has(AWSPENDING), version.id.clone()));
    for version in versions {
        // Others may set labels.
        let stages: Vec<String> =
            version.stages.iter().map(|stage| stage.escape_debug().to_string()).collect();
        terminal.line(format!("  version {}  {}", version.id, stages.join(" ")))?;
    }
    for key in keys {
        let used = key.last_use.as_ref().map(ToString::to_string).unwrap_or_default();
        terminal.line(format!("  key {}  {}, created {}, {used}", key.id, key.status, key.created))?;
    }
    Ok(())
}

fn print(terminal: &mut Terminal, plan: &UnstickPlan) -> std::io::Result<()> {
    for (title, lines) in [
        ("Plan", plan.actions.iter().map(ToString::to_string).collect::<Vec<_>>()),
        ("What stays", plan.stays.iter().map(ToString::to_string).collect()),
    ] {
        if lines.is_empty() {
            continue;
        }
        terminal.line(format!("\n{title}"))?;
        for line in lines {
            terminal.line(format!("  {line}"))?;
        }
    }
    Ok(())
}
