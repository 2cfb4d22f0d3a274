//! `enroll`: gives a user a secret that rotates, or takes an existing one over as it is.

mod plan;
mod snippets;

use std::path::PathBuf;
use std::time::Duration;

use super::rotate::{Followed, follow};
use super::target::Target;
use super::{Exit, Failure, Session, Terminal};
use crate::config::{Scope, SweepConfig};
use crate::model::SecretState;
use crate::model::names::TAG_USER;

use plan::{Enrolment, Step};

/// How long the first rotation is followed.
const FIRST_ROTATION: Duration = Duration::from_secs(15 * 60);

/// Arguments of `enroll`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
It asks for nothing that it can find out. A secret of the name that ROTATOR_SECRET_NAME gives is
taken over and keeps its shape; otherwise one is made. Then the first rotation stores a new key, and
what the consumer must change is printed, ready to paste.

A file for --from-csv has a column `user`, and may have a column `secret`.

Examples:
  iam-key-rotator --function sweep enroll ci-bot
  iam-key-rotator enroll ci-bot --secret /legacy/ci
  iam-key-rotator enroll --from-csv users.csv --yes
  iam-key-rotator enroll --all")]
pub struct Args {
    /// Names of IAM users
    #[arg(required_unless_present_any = ["all", "from_csv"])]
    pub user: Vec<String>,
    /// Every user with an active key that is not exempt
    #[arg(long, conflicts_with_all = ["user", "from_csv"])]
    pub all: bool,
    /// Users, and their secrets, from a file
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    pub from_csv: Option<PathBuf>,
    /// An existing secret to take over, by its name or ARN
    #[arg(long, value_name = "SECRET", conflicts_with_all = ["all", "from_csv"])]
    pub secret: Option<String>,
    /// Do not rotate now; the schedule or the sweep does it when the key is due
    #[arg(long)]
    pub no_rotation: bool,
    /// Instead of the typed yes
    #[arg(long)]
    pub yes: bool,
}

/// Whom, and which secret where that is said.
type Wish = (String, Option<String>);

/// Enrolls.
pub async fn run(args: &Args, session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if session.config.rotation_function.is_none() {
        return Err(Failure::Usage(
            "what are the secrets to rotate with? Set ROTATOR_ROTATION_FUNCTION_ARN, or use --function"
                .into(),
        ));
    }
    // Whoever is named gets a secret, whatever the sweep's scope.
    let config = SweepConfig { scope: Scope::All, ..session.config.clone() };
    let wishes = wishes(args, session, &config).await?;
    let account = session.account(&config).await?;
    let mut enrolments = Vec::new();
    for (user, secret) in &wishes {
        enrolments.push(plan::plan(&account, user, secret.as_deref(), !args.no_rotation).await?);
    }
    terminal.line("Plan")?;
    for enrolment in &enrolments {
        enrolment.print(terminal)?;
    }
    // Of all users, some are exempt or in a state that a person must mend: that is no failure.
    let refused = !args.all && enrolments.iter().any(Enrolment::is_refused);
    let willing = enrolments.iter().filter(|enrolment| !enrolment.steps.is_empty()).count();
    if willing == 0 {
        terminal.line("\nThere is nobody to enroll.")?;
        if let [Enrolment { arn: Some(arn), refused: None, .. }] = enrolments.as_slice() {
            let secret = account.secrets.describe(arn).await?;
            terminal.raw(snippets::of(&secret, secret_fields(session), true).as_bytes())?;
        }
        return Ok(if refused { Exit::Failed } else { Exit::Done });
    }
    if !args.yes && !terminal.agrees(&format!("Enroll {willing} users?"))? {
        terminal.line("\nNothing was changed.")?;
        return Ok(Exit::Failed);
    }
    let interrupted = terminal.interrupted();
    let mut failed = refused;
    for enrolment in enrolments.iter().filter(|enrolment| !enrolment.steps.is_empty()) {
        if *interrupted.borrow() {
            terminal.note(format!("Stopped by Ctrl-C before {}.", enrolment.user.name))?;
            return Ok(Exit::Failed);
        }
        terminal.line(format!("\n{}", enrolment.user.name))?;
        match carry_out(enrolment, &account, session, terminal).await {
            Ok(Some(secret)) if enrolments.len() == 1 => {
                terminal
                    .raw(snippets::of(&secret, secret_fields(session), enrolment.arn.is_some()).as_bytes())?;
            }
            Ok(Some(_)) => {}
            Ok(None) => failed = true,
            // One user's failure ends nobody else's enrolment.
            Err(failure) => {
                terminal.line(format!("  failed: {failure}"))?;
                failed = true;
            }
        }
    }
    if enrolments.len() > 1 {
        terminal
            .line("\n`iam-key-rotator enroll USER` again prints what that user's consumers must change.")?;
    }
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

async fn wishes(args: &Args, session: &Session, config: &SweepConfig) -> Result<Vec<Wish>, Failure> {
    if let Some(file) = &args.from_csv {
        return read_csv(file);
    }
    if !args.all {
        return Ok(args.user.iter().map(|user| (user.clone(), args.secret.clone())).collect());
    }
    let survey = session.account(config).await?.survey().await?;
    let candidates = survey.candidates.into_values();
    let without =
        candidates.filter(|candidate| candidate.secrets.is_empty() && candidate.glance.oldest.is_some());
    Ok(without.map(|candidate| (candidate.user.name, None)).collect())
}

fn read_csv(file: &std::path::Path) -> Result<Vec<Wish>, Failure> {
    #[derive(serde::Deserialize)]
    struct Row {
        user: String,
        secret: Option<String>,
    }
    let wrong = |error: csv::Error| Failure::Usage(format!("{}: {error}", file.display()));
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file).map_err(wrong)?;
    reader
        .deserialize()
        .map(|row| {
            let row: Row = row.map_err(wrong)?;
            Ok((row.user, row.secret.filter(|secret| !secret.is_empty())))
        })
        .collect()
}

/// Does one enrolment's steps; answers with the secret if it ended well.
async fn carry_out(
    enrolment: &Enrolment,
    account: &crate::sweep::Account<'_>,
    session: &Session,
    terminal: &mut Terminal,
) -> Result<Option<SecretState>, Failure> {
    let mut arn = enrolment.arn.clone().unwrap_or_default();
    for step in &enrolment.steps {
        match step {
            Step::Create { name, adopts } => arn = account.enroll(&enrolment.user, name, adopts).await?,
            Step::Tag => account.secrets.tag(&arn, TAG_USER, &account.bound_to(&enrolment.user)).await?,
            Step::Policy => account.let_user_read(&enrolment.user, &arn).await?,
            Step::Rotate(setup) => {
                let version = account.secrets.rotate(&arn, setup.as_ref()).await?;
                let mut target = Target::find(session, &arn).await?;
                if follow(session, &mut target, &version, FIRST_ROTATION, terminal).await? == Followed::Not {
                    return Ok(None);
                }
                continue;
            }
        }
        terminal.line(format!("  done: {step}"))?;
    }
    Ok(Some(account.secrets.describe(&arn).await?))
}

/// The names of the fields that hold id and secret, in secrets that are made here.
fn secret_fields(session: &Session) -> (&'static str, &'static str) {
    session.config.shared.secret_shape.pair().unwrap_or(("AccessKeyId", "SecretAccessKey"))
}
