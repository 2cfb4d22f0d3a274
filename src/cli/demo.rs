//! `demo`: what `make demo` runs.

use std::path::Path;
use std::process::Command;

use super::{Exit, Failure, Terminal};

/// Arguments of `demo`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  iam-key-rotator demo\n  iam-key-rotator demo --serve")]
pub(crate) struct Args {
    /// Keep the simulated AWS running, for the AWS CLI or boto3
    #[arg(long)]
    pub(crate) serve: bool,
    /// Where the program `demo` is, which is built beside this one
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) program: Option<std::path::PathBuf>,
}

/// Runs the program `demo`, which lies beside this one in a build of the workspace. It holds the
/// simulator, which no binary of the product does.
pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let beside = || std::env::current_exe().ok()?.parent().map(|folder| folder.join("demo"));
    let Some(program) = args.program.clone().or_else(beside).filter(|program| program.is_file()) else {
        terminal.line(
            "The demo needs the simulated AWS, which is part of the source tree and of no release.\n\
             In a clone of the repository, `make demo` builds and runs it: a key is rotated offline,\n\
             with the real Lambda binary. `make demo ARGS=--serve` leaves the simulated AWS up.",
        )?;
        return Ok(Exit::Failed);
    };
    let status = command(&program, args.serve).status();
    let status = status.map_err(|error| Failure::Failed(format!("the demo could not be run: {error}")))?;
    Ok(if status.success() { Exit::Done } else { Exit::Failed })
}

fn command(program: &Path, serve: bool) -> Command {
    let mut command = Command::new(program);
    command.args(serve.then_some("--serve"));
    command
}
