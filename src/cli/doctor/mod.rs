//! `doctor`: everything a rotation needs, looked at one by one.
//!
//! It changes nothing and reads no secret's value, unless it is told to. What could not be looked
//! at is never called right.

mod checks;
mod function;
mod keys;
mod notices;
mod role;
mod secret;
mod stop;
mod trail;
mod value;

use super::target::Target;
use super::{Exit, Failure, Session, Terminal};
use crate::config::Config;

use checks::Checks;
use function::Function;

/// Arguments of `doctor`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
With a secret, it checks everything that the secret's rotation needs. Without one, it checks the
settings, the functions, alerts and mails, and every enrolled user. A function that is stopped
(reserved concurrency 0) is an error. The exit code is 3 if a check failed or could not be made.

Examples:
  iam-key-rotator doctor ci-bot
  iam-key-rotator doctor ci-bot --read-value     also checks the value, without showing it
  iam-key-rotator --function sweep doctor --json")]
pub(crate) struct Args {
    /// The secret's name or ARN, or its user's name
    pub(crate) secret: Option<String>,
    /// Read AWSCURRENT's value, to check its shape and whose key it holds
    #[arg(long, requires = "secret")]
    pub(crate) read_value: bool,
}

pub(crate) async fn run(args: &Args, session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut report = match &args.secret {
        Some(secret) => of_secret(secret, args.read_value, session).await?,
        None => of_account(session).await?,
    };
    if let Some(sweep) = &session.global.function {
        stop::check(&mut report, session, "sweep", sweep).await;
    }
    if session.global.json {
        terminal.json(&report)?;
    } else {
        report.print(terminal)?;
    }
    Ok(if report.has_findings() { Exit::Findings } else { Exit::Done })
}

async fn of_secret(text: &str, read_value: bool, session: &Session) -> Result<Checks, Failure> {
    let mut target = match Target::find(session, text).await {
        Ok(target) => target,
        Err(Failure::Failed(problem)) => {
            let mut report = Checks::default();
            report.error(
                "secret",
                problem,
                "secretsmanager:DescribeSecret, secretsmanager:ListSecrets",
                "Correct the name; or make the secret with `iam-key-rotator enroll`.",
            );
            return Ok(report);
        }
        Err(other) => return Err(other),
    };
    let mut report = of_target(session, &mut target).await;
    if read_value {
        value::check(&mut report, &target).await;
    } else {
        report.note("value", "not read: --read-value checks its shape and whose key it holds");
    }
    Ok(report)
}

/// All that a secret's rotation needs.
pub(super) async fn of_target(session: &Session, target: &mut Target<'_>) -> Checks {
    let mut report = Checks::default();
    secret::check(&mut report, target);
    secret::check_rivals(&mut report, target).await;
    secret::check_kms(&mut report, session, target).await;
    let function = match &target.secret.rotation_function {
        Some(arn) => function::check(&mut report, session, arn).await,
        None => None,
    };
    // The settings of whoever rotates it decide, where they can be read.
    let settings = function.as_ref().and_then(|function| function.config.clone());
    let settings = settings.unwrap_or_else(|| session.config.shared.clone());
    let mode = session.sweep_mode.or(function.as_ref().and_then(Function::sweep_mode));
    keys::check(&mut report, session, target, &settings, mode).await;
    if let Some(function) = &function {
        role::check(&mut report, session, target, function).await;
        notices(&mut report, session, function, &settings).await;
    }
    trail::check(&mut report, session, target).await;
    report
}

async fn notices(report: &mut Checks, session: &Session, function: &Function, settings: &Config) {
    if function.config.is_some() {
        notices::check(report, session, settings).await;
    }
}

/// What all rotations of an account need, and who of its users needs somebody.
async fn of_account(session: &Session) -> Result<Checks, Failure> {
    let mut report = Checks::default();
    report.ok("settings", "they can be read");
    let mut mode = session.sweep_mode;
    match &session.config.rotation_function {
        Some(arn) => {
            if let Some(function) = function::check(&mut report, session, arn).await {
                let settings = function.config.clone().unwrap_or_else(|| session.config.shared.clone());
                mode = mode.or(function.sweep_mode());
                notices(&mut report, session, &function, &settings).await;
            }
        }
        None => report.note(
            "function",
            "ROTATOR_ROTATION_FUNCTION_ARN is not set here; `doctor SECRET` looks at the function that a secret names",
        ),
    }
    let account = session.account(&session.config).await?;
    let survey = account.survey().await?;
    for unbound in &survey.unbound {
        report.error(
            "users",
            format!("secret {unbound}"),
            "secretsmanager:ListSecrets",
            "Tag it `iam-key-rotator:user` with the name of its IAM user.",
        );
    }
    for candidate in survey.candidates.values().filter(|candidate| candidate.triage.look) {
        let visit = account.visit(candidate, crate::plan::sweep::Demand::Due).await;
        keys::check_retired(&mut report, session, "users", &visit, mode);
        for finding in &visit.findings {
            let what = format!("{}: {}", visit.user.name, finding.kind);
            report.warning("users", what, finding.evidence.to_string(), finding.remedy.clone());
        }
        if let Some(error) = &visit.failure {
            let what = format!("{} could not be looked at", visit.user.name);
            report.error("users", what, error.chain(), error.next_steps());
        }
    }
    report.ok("users", format!("{} in scope surveyed", survey.candidates.len()));
    Ok(report)
}

/// A failed rotation of the secret that CloudTrail shows, requested at this time or after it.
pub(super) async fn failure_since(
    session: &Session,
    target: &Target<'_>,
    since: jiff::Timestamp,
) -> Result<Option<String>, crate::error::CallError> {
    trail::failure_since(session, target, since).await
}
