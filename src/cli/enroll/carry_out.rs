//! Enrollments are carried out, one user after the other.

use std::time::Duration;

use super::super::rotate::{Followed, follow};
use super::super::target::Target;
use super::super::{Failure, Session, Terminal};
use super::snippets;
use crate::model::SecretState;
use crate::model::names::{TAG_SECRET, TAG_USER};
use crate::plan::enroll::{Enrollment, Start, Step};
use crate::sweep::Account;

/// How long the first rotation is followed.
const FIRST_ROTATION: Duration = Duration::from_secs(15 * 60);

/// Carries all of them out; whether one failed, or was not begun because of Ctrl-C.
pub(super) async fn all(
    enrollments: &[Enrollment],
    account: &Account<'_>,
    session: &Session,
    terminal: &mut Terminal,
) -> Result<bool, Failure> {
    let interrupted = terminal.interrupted();
    let mut failed = false;
    for enrollment in enrollments.iter().filter(|enrollment| enrollment.changes()) {
        if *interrupted.borrow() {
            terminal.note(format!(
                "Stopped by Ctrl-C before {}. Run it again to resume.",
                enrollment.user.name
            ))?;
            return Ok(true);
        }
        terminal.line(format!("\n{}", enrollment.user.name))?;
        match one(enrollment, account, session, terminal).await {
            Ok(Some(secret)) if enrollments.len() == 1 => {
                let adopted = enrollment.arn.is_some();
                terminal.raw(snippets::of(&secret, fields(session), adopted).as_bytes())?;
            }
            Ok(Some(_)) => {}
            Ok(None) => failed = true,
            // One user's failure ends no other enrollment.
            Err(failure) => {
                terminal.line(format!("  failed: {}", failure.words()))?;
                failed = true;
            }
        }
    }
    if enrollments.len() > 1 {
        let command = session.global.command(["enroll", "USER"]);
        terminal.line(format!("\n`{command}` again prints what that user's consumers must change."))?;
    }
    Ok(failed)
}

/// The names of the fields that hold id and secret, in secrets that are made here.
pub(super) fn fields(session: &Session) -> (&str, &str) {
    session.config.shared.secret_shape.pair().unwrap_or(("AccessKeyId", "SecretAccessKey"))
}

/// Does one enrollment's steps; answers with the secret if it ended well.
async fn one(
    enrollment: &Enrollment,
    account: &Account<'_>,
    session: &Session,
    terminal: &mut Terminal,
) -> Result<Option<SecretState>, Failure> {
    let user = &enrollment.user;
    let mut arn = enrollment.arn.clone().unwrap_or_default();
    for step in &enrollment.steps {
        match step {
            Step::Create { name, adopts } => arn = account.enroll(user, name, adopts).await?,
            Step::Tag => account.secrets.tag(&arn, TAG_USER, &account.bound_to(user)).await?,
            Step::Policy => account.let_user_read(user, &arn).await?,
            Step::TagUser { secret } => match account.iam.tag_user(&user.name, TAG_SECRET, secret).await {
                // Who may rotate with our function guards the user's keys then, as before.
                Err(error) if error.is_refused() => {
                    terminal.line(format!("  note: the IAM user was not tagged: {error}"))?;
                    continue;
                }
                tagged => tagged?,
            },
            Step::Rotate(start) => match rotate(start, &arn, account, session, terminal).await? {
                Followed::Promoted => {}
                Followed::NotPromoted => return Ok(None),
            },
        }
        let followed = matches!(step, Step::Rotate(start) if start.now);
        if !followed {
            terminal.line(format!("  done: {step}"))?;
        }
    }
    Ok(Some(account.secrets.describe(&arn).await?))
}

/// Begins the rotation, and follows it where it begins at once.
async fn rotate(
    start: &Start,
    arn: &str,
    account: &Account<'_>,
    session: &Session,
    terminal: &mut Terminal,
) -> Result<Followed, Failure> {
    let begun =
        account.secrets.rotate_with(arn, start.function.as_deref(), start.every_days, start.now).await?;
    let Some(version) = begun else { return Ok(Followed::Promoted) };
    let mut target = Target::find(session, arn).await?;
    follow(session, &mut target, &version, FIRST_ROTATION, terminal).await
}
