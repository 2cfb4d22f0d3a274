//! `sweep`: the plan, and with `--apply` its execution.

use super::fleet::visit_all;
use super::plan::{UserPlanView, ended, print, summary, wanted};
use super::{Exit, Failure, Session, Terminal};

/// Arguments of `sweep`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Without --apply it says what it would do, as `plan` does. With it, the same plan is made again,
user by user, and carried out; Ctrl-C stops before the next action.

Examples:
  iam-key-rotator sweep
  iam-key-rotator --function sweep sweep --apply
  iam-key-rotator sweep --apply --user ci-bot")]
pub struct Args {
    /// Do it
    #[arg(long)]
    pub apply: bool,
    /// Only these users
    #[arg(long, value_name = "NAME")]
    pub user: Vec<String>,
}

/// Sweeps.
pub async fn run(args: &Args, session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if !args.apply {
        let exit = super::plan::run(&super::plan::Args { user: args.user.clone() }, session, terminal).await;
        terminal.note("Nothing was changed: --apply does it.")?;
        return exit;
    }
    let config = session.config.enforcing()?;
    let account = session.account(&config).await?;
    let survey = account.survey().await?;
    let candidates = wanted(&survey, &args.user)?;
    let json = session.global.json;
    let (visits, left) = visit_all(&account, &candidates, terminal, "sweeping", |terminal, visit| {
        if json { Ok(()) } else { print(terminal, visit) }
    })
    .await?;
    if json {
        terminal.json(&visits.iter().map(UserPlanView::of).collect::<Vec<_>>())?;
    } else {
        terminal.line(format!("\n{}", summary(&visits, &survey, "done")))?;
    }
    if account.stop.is_wished() {
        let last = visits.last().map_or("nobody", |visit| visit.user.name.as_str());
        terminal.note(format!(
            "Stopped by Ctrl-C. The last user was {last}; {left} users were not begun. Every action above is whole; \
             run it again to go on."
        ))?;
    }
    Ok(ended(&visits, left))
}
