//! What can be asked for, and what holds for every command.

use clap::{Parser, Subcommand};

use super::global::Global;
use super::{
    completions, demo, doctor, enroll, man, plan, reactivate, report, rotate, status, sweep, unstick,
};

const EXAMPLES: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 findings, 130 stopped by Ctrl-C.

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
pub(crate) struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
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
