//! `man`: the manual page, and one for each command.

use super::{Exit, Failure, Terminal};

/// Arguments of `man`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  iam-key-rotator man | man -l -\n  iam-key-rotator man rotate | man -l -"
)]
pub(crate) struct Args {
    /// The page of one command
    pub(crate) command: Option<String>,
}

/// Prints the page, in roff.
pub(crate) fn run(args: &Args, terminal: &mut Terminal, command: clap::Command) -> Result<Exit, Failure> {
    let command = match &args.command {
        None => command,
        Some(name) => {
            let found = command.find_subcommand(name).cloned();
            let found = found.ok_or_else(|| Failure::Usage(format!("there is no command {name:?}")))?;
            found.name(format!("iam-key-rotator-{name}"))
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    terminal.raw(&page)?;
    Ok(Exit::Done)
}
