//! What can be asked for, and what holds for every command.

use clap::{Parser, Subcommand};

use super::global::Global;
use super::{
    completions, demo, doctor, enroll, man, plan, reactivate, report, rotate, status, sweep, unstick,
};

const EXAMPLES: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 findings, 130 stopped by Ctrl-C.

Settings are the ROTATOR_… variables of the Lambdas, from the environment or, with --function, from
the deployed sweep function.

Examples:
  iam-key-rotator status --profile prod --due
  iam-key-rotator --function sweep plan
  iam-key-rotator rotate ci-bot --wait
  iam-key-rotator doctor iam-key/ci-bot";

/// Rotates IAM access keys through AWS Secrets Manager.
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
    /// List every user with keys: age, last use, findings, next step
    Status(status::Args),
    /// Show what a sweep would do now, and why
    Plan(plan::Args),
    /// Carry out the plan, with --apply and a confirmation
    Sweep(sweep::Args),
    /// Rotate one secret now
    Rotate(rotate::Args),
    /// Make a deactivated key active again
    Reactivate(reactivate::Args),
    /// Give users a rotated secret, and show what their consumers must change
    Enroll(enroll::Args),
    /// Check everything that a rotation needs
    Doctor(doctor::Args),
    /// Repair a secret whose rotation is stuck
    Unstick(unstick::Args),
    /// Write a report for auditors, or verify earlier reports
    Report(report::Args),
    /// Rotate a key offline, against a simulated AWS (as `make demo`)
    Demo(demo::Args),
    /// Print a shell's completion script
    Completions(completions::Args),
    /// Print the manual page
    Man(man::Args),
}
