//! `completions`: what a shell needs to complete this command line.

use clap_complete::Shell;

use super::{Exit, Failure, Terminal};

/// Arguments of `completions`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  iam-key-rotator completions bash > /etc/bash_completion.d/iam-key-rotator"
)]
pub(crate) struct Args {
    /// Which shell
    pub(crate) shell: Shell,
}

pub(crate) fn run(
    args: &Args,
    terminal: &mut Terminal,
    command: &mut clap::Command,
) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "iam-key-rotator", &mut script);
    terminal.raw(&script)?;
    Ok(Exit::Done)
}
