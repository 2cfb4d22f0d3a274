//! `rotate`: asks Secrets Manager for a new key, and follows it.

mod follow;
mod revoke;

use std::time::Duration;

use super::target::Target;
use super::{Exit, Failure, Session, Terminal};
use crate::model::parse_duration;

pub(super) use follow::{Followed, follow};

/// Arguments of `rotate`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The old key stays active for its overlap (ROTATOR_OVERLAP), unless you use --revoke-now.

Examples:
  iam-key-rotator rotate ci-bot --wait
  iam-key-rotator rotate iam-key/ci-bot --yes
  iam-key-rotator rotate ci-bot --revoke-now      for a leaked key: replaces it, then deactivates it")]
pub(crate) struct Args {
    /// The user's name, or the secret's name or ARN
    pub(crate) target: String,
    /// Follow the four steps until the new key is current
    #[arg(long)]
    pub(crate) wait: bool,
    /// For a leaked key in AWSCURRENT: wait for the new key, then deactivate the old one, and offer to delete it
    #[arg(long)]
    pub(crate) revoke_now: bool,
    /// How long to wait; CloudTrail shows a failure up to 15 minutes late
    #[arg(long, value_name = "DURATION", default_value = "20m", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Do not ask before the rotation; a deletion is always asked for
    #[arg(long)]
    pub(crate) yes: bool,
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "a duration such as 90s or 15m".to_owned())
}

pub(crate) async fn run(args: &Args, session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut target = Target::find(session, &args.target).await?;
    target.check_enrolled(session)?;
    let keys = target.keys().await?;
    super::unstick::show(terminal, &target, &keys)?;
    let setup = match (&target.secret.rotation_function, session.config.rotation_setup()) {
        (Some(_), _) => None,
        (None, Some(setup)) => Some(setup),
        (None, None) => {
            return Err(Failure::Usage(
                "the secret has no rotation function: set ROTATOR_ROTATION_FUNCTION_ARN, or use --function"
                    .into(),
            ));
        }
    };
    if target.secret.rotation_function.is_some() && !target.secret.rotation_enabled {
        terminal.line("\nRotation is turned off; this turns it on again.")?;
    }
    let old = target.secret.current().and_then(|version| version.key.clone());
    let supersedes = old.as_ref().map_or("the key it holds".to_owned(), ToString::to_string);
    terminal.line(format!("\nPlan\n  rotate {}: a new key supersedes {supersedes}", target.words()))?;
    if args.revoke_now {
        terminal.line(
            "  then deactivate the old key at once: whoever has not fetched the new one by then is cut off",
        )?;
        terminal.line("  then, on another yes, delete it")?;
    }
    if !args.yes && !terminal.agrees("Do this?")? {
        terminal.line("\nNothing was changed.")?;
        return Ok(Exit::Failed);
    }
    let version = match target.account.secrets.rotate(&target.secret.arn, setup.as_ref()).await {
        Ok(version) => version,
        // Secrets Manager has begun the earlier one again.
        Err(error) if error.is_reattempt() => {
            target.refresh().await?;
            let pending = target.secret.pending().not_current();
            let Some(pending) = pending.map(|version| version.id.clone()) else { return Err(error.into()) };
            terminal.line(format!(
                "\nAn earlier rotation had not ended; Secrets Manager takes it up again: version {pending}"
            ))?;
            pending
        }
        Err(error) => return Err(error.into()),
    };
    if !args.wait && !args.revoke_now {
        terminal.line(format!("\nAsked for: version {version}. `--wait` follows it; `status` shows it."))?;
        return Ok(Exit::Done);
    }
    match follow(session, &mut target, &version, args.timeout, terminal).await? {
        Followed::Promoted if args.revoke_now => revoke::run(&mut target, old, terminal).await,
        Followed::Promoted => Ok(Exit::Done),
        Followed::NotPromoted => {
            if let Some((old, user)) = old.zip(target.user.as_ref()).filter(|_| args.revoke_now) {
                terminal.line(format!(
                    "\nThe key in AWSCURRENT, {old}, still works. If it is the one that leaked, this deactivates it all the same, which cuts off what uses it: `aws iam update-access-key --user-name {} --access-key-id {old} --status Inactive`",
                    user.name
                ))?;
            }
            Ok(Exit::Failed)
        }
    }
}
