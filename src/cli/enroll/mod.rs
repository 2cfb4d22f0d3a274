//! `enroll`: gives a user a secret that rotates, or adopts an existing one that is named.

mod args;
mod carry_out;
mod look;
mod request;
mod snippets;

use super::confirm::{Scale, confirm};
use super::{Exit, Failure, Session, Terminal};
use crate::config::{Scope, SweepConfig};
use crate::sweep::Account;

use crate::plan::enroll::{Enroller, Enrollment};
use request::{Request, requests};

pub(crate) use args::Args;

pub(crate) async fn run(args: &Args, session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let Some(function) = &session.config.rotation_function else {
        return Err(Failure::Usage(
            "ROTATOR_ROTATION_FUNCTION_ARN is not set: pass --function with the sweep's name, or set it"
                .into(),
        ));
    };
    // Whoever is named gets a secret, whatever the sweep's scope.
    let config = SweepConfig { scope: Scope::All, ..session.config.clone() };
    let account = session.account(&config).await?;
    let requests = requests(args, &account, session).await?;
    let command = |user: &str, secret: &str| session.global.command(["enroll", user, "--secret", secret]);
    let enroller = Enroller { config: &session.config, function, now: !args.no_rotation, command: &command };
    let enrollments = plan_all(enroller, &account, &requests, terminal).await?;
    terminal.line("Plan")?;
    for enrollment in &enrollments {
        print(enrollment, terminal)?;
    }
    // Of all users, some are in a state that a person must fix: that is no failure of the command.
    let failed = enrollments.iter().any(|enrollment| enrollment.failed);
    let refused = failed || (!args.all && enrollments.iter().any(Enrollment::is_refused));
    let users = enrollments.iter().filter(|enrollment| enrollment.changes()).count();
    if users == 0 {
        terminal.line("\nThere is nothing to do.")?;
        if let [Enrollment { arn: Some(arn), refused: None, .. }] = enrollments.as_slice() {
            let secret = account.secrets.describe(arn).await?;
            terminal.raw(snippets::of(&secret, carry_out::fields(session), true).as_bytes())?;
        }
        return Ok(if refused { Exit::Failed } else { Exit::Done });
    }
    let scale = Scale { verb: "Enroll", users, named: !args.all };
    if !args.yes && !confirm(scale, &account, session, terminal).await? {
        terminal.line("\nNothing was changed.")?;
        return Ok(Exit::Failed);
    }
    let failed = carry_out::all(&enrollments, &account, session, terminal).await?;
    Ok(if failed || refused { Exit::Failed } else { Exit::Done })
}

/// Plans for each user, with progress: a file may name hundreds.
async fn plan_all(
    enroller: Enroller<'_>,
    account: &Account<'_>,
    requests: &[Request],
    terminal: &mut Terminal,
) -> Result<Vec<Enrollment>, Failure> {
    let bar = terminal.progress(requests.len(), "reading users");
    let mut enrollments = Vec::new();
    for request in requests {
        enrollments.push(match look::plan(enroller, account, request).await {
            // One user's failure ends no other enrollment.
            Err(failure @ (Failure::Call(_) | Failure::Rotator(_))) if requests.len() > 1 => {
                Enrollment::failed(account.named(&request.user), failure.words())
            }
            planned => planned?,
        });
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(enrollments)
}

fn print(enrollment: &Enrollment, terminal: &mut Terminal) -> std::io::Result<()> {
    terminal.line(format!("\n  {}", enrollment.user.name))?;
    for note in &enrollment.notes {
        terminal.line(format!("    note: {note}"))?;
    }
    for step in enrollment.steps.iter().filter(|_| enrollment.refused.is_none()) {
        terminal.line(format!("    {step}"))?;
    }
    match &enrollment.refused {
        Some(why) => terminal.line(format!("    not enrolled: {why}")),
        None if enrollment.steps.is_empty() => terminal.line("    nothing to do: the user is enrolled"),
        None => Ok(()),
    }
}
