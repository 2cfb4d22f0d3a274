//! `plan`: what a sweep would do now.

use super::{Exit, Failure, Session, Terminal};

/// Arguments of `plan`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  iam-key-rotator plan\n  iam-key-rotator --function sweep plan --json")]
pub struct Args {}

/// Prints the plan.
pub async fn run(_args: &Args, _session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    terminal.line("nothing is planned yet")?;
    Ok(Exit::Done)
}
