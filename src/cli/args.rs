//! What can be asked for, and what holds for every command.

use clap::{ArgAction, Args, Parser, Subcommand};

use super::{
    completions, demo, doctor, enroll, man, plan, reactivate, report, rotate, status, sweep, unstick,
};
use crate::model::is_account_id;

const EXAMPLES: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 findings.

Settings are the ROTATOR_… variables of the Lambdas, from the environment or, with --function, from
the deployed sweep function, so that operator and Lambda plan alike.

Examples:
  iam-key-rotator status --profile prod --due
  iam-key-rotator --function sweep plan
  iam-key-rotator rotate ci-bot --wait
  iam-key-rotator doctor iam-key/ci-bot";

/// Rotates IAM access keys: see, plan, act, repair.
#[derive(Debug, Parser)]
#[command(name = "iam-key-rotator", version, after_help = EXAMPLES, propagate_version = true)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The profile of ~/.aws/config whose credentials are used; wins over exported credentials
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// The region of secrets and functions; wins over AWS_REGION and the profile's
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Another account, through its member role (ROTATOR_MEMBER_ROLE)
    #[arg(long, global = true, value_name = "12 DIGITS", value_parser = account_number)]
    pub account: Option<String>,
    /// Read the ROTATOR_… settings from this deployed sweep function
    #[arg(long, global = true, value_name = "NAME OR ARN")]
    pub function: Option<String>,
    /// Answer with JSON
    #[arg(long, global = true, action = ArgAction::SetTrue)]
    pub json: bool,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show every user with keys: how old, how safe, what comes next
    Status(status::Args),
    /// Say what would be done now, action by action, and why
    Plan(plan::Args),
    /// Do what `plan` says, with --apply and a confirmation
    Sweep(sweep::Args),
    /// Rotate one secret now, and follow it
    Rotate(rotate::Args),
    /// Make a deactivated key active again
    Reactivate(reactivate::Args),
    /// Give a user a secret that rotates, and say what its consumers must change
    Enroll(enroll::Args),
    /// Look at everything that a rotation needs
    Doctor(doctor::Args),
    /// Bring a secret whose rotation is stuck to a clean state
    Unstick(unstick::Args),
    /// Write an auditor's evidence, or check what was written before
    Report(report::Args),
    /// Rotate a key offline, against a simulated AWS: what `make demo` runs
    Demo(demo::Args),
    /// Print a shell's completion script
    Completions(completions::Args),
    /// Print the manual page
    Man(man::Args),
}

fn account_number(text: &str) -> Result<String, String> {
    is_account_id(text).then(|| text.to_owned()).ok_or_else(|| "an account is twelve digits".to_owned())
}
