//! `report`: the auditor's evidence in a file, and the check of what was written before.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::confirm::{are, count};
use super::{Exit, Failure, Session, Terminal};
use crate::report::{self, Format, Report};

/// Arguments of `report`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Nothing is changed, and no secret value is read. With --sign it also writes a manifest, which holds
the SHA-256 of the report and of the manifest before it, so that changed reports are detected. A
report continues the history of the report before it.

Examples:
  iam-key-rotator report --output keys-2026-06.html --sign
  iam-key-rotator report --format csv --output keys.csv
  iam-key-rotator report --format json --output - | jq .users
  iam-key-rotator report --verify keys-2026-06.html.manifest.json")]
pub(crate) struct Args {
    /// html for people, csv for spreadsheets, json for machines
    #[arg(long, value_enum, default_value_t = Form::Html)]
    pub(crate) format: Form,
    /// Where it is written; - for standard output
    #[arg(long, value_name = "FILE", required_unless_present = "verify")]
    pub(crate) output: Option<PathBuf>,
    /// Also write a manifest, chained to the one before
    #[arg(long)]
    pub(crate) sign: bool,
    /// The manifest before it, if it is not the latest in the same folder
    #[arg(long, value_name = "MANIFEST")]
    pub(crate) previous: Option<PathBuf>,
    /// Verify this manifest's report and every report before it
    #[arg(long, value_name = "MANIFEST", conflicts_with_all = ["output", "sign", "previous"])]
    pub(crate) verify: Option<PathBuf>,
    /// Another folder with earlier reports
    #[arg(long, value_name = "FOLDER", requires = "verify")]
    pub(crate) also: Vec<PathBuf>,
}

/// How it is written down.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Form {
    /// For people.
    Html,
    /// For spreadsheets.
    Csv,
    /// For machines.
    Json,
}

pub(crate) async fn run(args: &Args, session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let Some(output) = &args.output else { return Err(Failure::Usage("--output is missing".into())) };
    let to_stdout = output.as_os_str() == "-";
    // Reading thousands of users takes minutes: what cannot be written is said before.
    check_paths(args, output, to_stdout)?;
    let account = session.account(&session.config).await?;
    let bar = terminal.progress(0, "reading users");
    let mut made = report::collect(&account, |done, total| {
        if let Some(said) = expected(total).filter(|_| done == 0) {
            // What goes wrong with stderr is reported where the result is written.
            bar.suspend(|| drop(terminal.note(said)));
        }
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    })
    .await?;
    bar.finish_and_clear();
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = || report::latest_manifest(folder, made.account.as_deref());
    let previous = args.previous.clone().or_else(beside);
    match previous.as_deref().map(report::earlier) {
        Some(Some(earlier)) => made = made.after(&earlier),
        Some(None) => terminal.note("No earlier report could be read: the history begins here.")?,
        None => {}
    }
    let format = match args.format {
        Form::Html => Format::Html,
        Form::Csv => Format::Csv,
        Form::Json => Format::Json,
    };
    if to_stdout {
        terminal.raw(format.render(&made).as_bytes())?;
        return ended(&made, terminal);
    }
    let written = report::write(&made, format, output, args.sign, previous.as_deref())
        .map_err(|error| Failure::Failed(format!("{} could not be written: {error}", output.display())))?;
    terminal.line(format!("{}  SHA-256 {}", written.file.display(), written.sha256))?;
    if let Some((manifest, digest)) = &written.manifest {
        terminal.line(format!("{}  SHA-256 {digest}", manifest.display()))?;
        terminal.note("Keep the manifest's digest where the files are not.")?;
    }
    ended(&made, terminal)
}

/// How long it will take, where that is worth a word.
fn expected(users: usize) -> Option<String> {
    const WORTH_A_WORD: Duration = Duration::from_secs(30);
    let time = Some(report::expected_time(users)).filter(|time| *time >= WORTH_A_WORD)?;
    let about = match time.as_secs() {
        seconds @ ..90 => count(usize::try_from(seconds).unwrap_or(usize::MAX), "second"),
        seconds => count(usize::try_from(seconds.div_ceil(60)).unwrap_or(usize::MAX), "minute"),
    };
    Some(format!(
        "Reading {} from IAM, one by one: about {about}. A report uses no date that a reactivated key would change.",
        count(users, "user")
    ))
}

fn check_paths(args: &Args, output: &Path, to_stdout: bool) -> Result<(), Failure> {
    let wrong = |path: &Path, problem: &str| Err(Failure::Usage(format!("{}: {problem}", path.display())));
    if let Some(previous) = args.previous.as_deref().filter(|previous| !previous.is_file()) {
        return wrong(previous, "there is no such manifest: correct --previous");
    }
    if to_stdout && args.sign {
        return Err(Failure::Usage(
            "--sign writes a manifest beside the report: name a file with --output".into(),
        ));
    }
    if to_stdout {
        return Ok(());
    }
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return wrong(folder, "there is no such folder: create it, or correct --output");
    }
    if output.is_dir() {
        return wrong(output, "this is a folder: name a file with --output");
    }
    if report::manifest_of(output).is_some_and(|manifest| manifest.exists()) {
        return wrong(output, "it has a manifest and is kept as it is; choose another name");
    }
    Ok(())
}

/// A user who could not be read leaves the report incomplete.
fn ended(made: &Report, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let unread = made.users.iter().filter(|user| user.failure.is_some()).count();
    if unread > 0 {
        terminal.note(format!("The report is incomplete: {} could not be read.", count(unread, "user")))?;
        return Ok(Exit::Failed);
    }
    Ok(Exit::Done)
}

/// Checks a chain of reports; asks nothing of AWS.
pub(crate) fn check(manifest: &Path, also: &[PathBuf], terminal: &mut Terminal) -> Result<Exit, Failure> {
    let checked = report::verify(manifest, also).map_err(|problem| Failure::Failed(format!("{problem}.")))?;
    for link in &checked {
        terminal.line(format!("ok  {}  {}", link.manifest.created_at, link.manifest.file))?;
    }
    terminal.note(format!("{} as written, back to the first.", are(checked.len(), "report")))?;
    Ok(Exit::Done)
}
