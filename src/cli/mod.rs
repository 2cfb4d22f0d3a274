//! The operator's command line: one file a subcommand.
//!
//! It looks, plans and acts through the same library as the Lambdas: no decision is made here. What
//! changes AWS shows its plan first, and needs `--apply` or a typed yes. No command prints a
//! secret.

mod args;
mod command;
mod completions;
mod confirm;
mod credentials;
mod demo;
mod doctor;
mod enroll;
mod failure;
mod findings;
mod fleet;
mod global;
mod man;
mod mode;
mod place;
mod plan;
mod reactivate;
mod report;
mod rotate;
mod session;
mod settings;
mod status;
mod stopped;
mod sweep;
mod table;
mod target;
mod terminal;
mod unstick;

use std::ffi::OsString;

use clap::{CommandFactory as _, Parser as _};

use crate::aws::Aws;

pub(crate) use args::{Cli, Command};
pub(crate) use failure::{Exit, Failure};
pub(crate) use global::Global;
pub(crate) use session::Session;
pub use terminal::{Look, Terminal};

/// Runs one command, from its arguments to its exit code.
///
/// `connect` is asked for AWS only by commands that need it.
pub async fn run(
    args: impl IntoIterator<Item = OsString>,
    terminal: &mut Terminal,
    environment: &[(String, String)],
    connect: impl AsyncFnOnce(&Global) -> Aws,
) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return terminal.usage(&error),
    };
    let outcome = Box::pin(dispatch(&cli, terminal, environment, connect)).await;
    terminal.close(outcome)
}

async fn dispatch(
    cli: &Cli,
    terminal: &mut Terminal,
    environment: &[(String, String)],
    connect: impl AsyncFnOnce(&Global) -> Aws,
) -> Result<Exit, Failure> {
    check_json(cli)?;
    match &cli.command {
        Command::Demo(args) => return demo::run(args, terminal),
        Command::Completions(args) => return completions::run(args, terminal, &mut Cli::command()),
        Command::Man(args) => return man::run(args, terminal, Cli::command()),
        Command::Report(report::Args { verify: Some(manifest), also, .. }) => {
            return report::check(manifest, also, terminal);
        }
        _ => {}
    }
    check_endpoints(environment)?;
    let session = Session::open(connect(&cli.global).await, &cli.global, environment).await?;
    begin(&cli.command, &session, terminal)?;
    match &cli.command {
        Command::Status(args) => status::run(args, &session, terminal).await,
        Command::Plan(args) => plan::run(args, &session, terminal).await,
        Command::Sweep(args) => sweep::run(args, &session, terminal).await,
        Command::Rotate(args) => rotate::run(args, &session, terminal).await,
        Command::Reactivate(args) => reactivate::run(args, &session, terminal).await,
        Command::Enroll(args) => enroll::run(args, &session, terminal).await,
        Command::Doctor(args) => doctor::run(args, &session, terminal).await,
        Command::Unstick(args) => unstick::run(args, &session, terminal).await,
        Command::Report(args) => report::run(args, &session, terminal).await,
        Command::Demo(_) | Command::Completions(_) | Command::Man(_) => Ok(Exit::Done),
    }
}

/// A command that has no JSON says so, instead of writing prose to a program.
fn check_json(cli: &Cli) -> Result<(), Failure> {
    let instead = match &cli.command {
        _ if !cli.global.json => return Ok(()),
        Command::Status(_) | Command::Plan(_) | Command::Sweep(_) | Command::Doctor(_) => return Ok(()),
        Command::Report(_) => "use --format json",
        Command::Rotate(_) | Command::Enroll(_) | Command::Unstick(_) | Command::Reactivate(_) => {
            "its exit code says how it ended, and `status --json` shows what came of it"
        }
        Command::Demo(_) | Command::Completions(_) | Command::Man(_) => "leave it out",
    };
    Err(Failure::Usage(format!("--json does not work with this command: {instead}")))
}

/// The SDK ends the process over an endpoint that is set and empty.
fn check_endpoints(environment: &[(String, String)]) -> Result<(), Failure> {
    let empty =
        |(name, value): &&(String, String)| name.starts_with("AWS_ENDPOINT_URL") && value.trim().is_empty();
    match environment.iter().find(empty) {
        Some((name, _)) => {
            Err(Failure::Usage(format!("{name} is set and empty: unset it, or give it a URL")))
        }
        None => Ok(()),
    }
}

/// Says where the command acts. On stdout only where that is prose: tables, CSV and JSON are read by
/// other programs.
fn begin(command: &Command, session: &Session, terminal: &mut Terminal) -> Result<(), Failure> {
    let prose = matches!(
        command,
        Command::Plan(_)
            | Command::Sweep(_)
            | Command::Rotate(_)
            | Command::Reactivate(_)
            | Command::Enroll(_)
            | Command::Unstick(_)
    );
    let headline = session.headline();
    Ok(if prose && !session.global.json { terminal.line(headline) } else { terminal.note(headline) }?)
}
