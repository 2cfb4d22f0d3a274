//! `status`: every user with keys, the most urgent first.

mod failed;
mod row;

use std::collections::BTreeSet;

use anstyle::AnsiColor;

use super::confirm::count;
use super::findings::Groups;
use super::fleet::{Reading, age_of_data, everybody, named, read_all};
use super::table::{lines, table};
use super::{Exit, Failure, Session, Terminal, stopped};
use crate::model::csv_cell;
use crate::sweep::Candidate;

use row::{StatusRow, Urgency, rows};

/// How many superseded keys are named where nothing retires them.
const MOST_NAMED: usize = 10;

/// Arguments of `status`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Users are sorted by urgency: failures, findings, what is due, then the date of the next step. A
function that is stopped (reserved concurrency 0) is shown first. With --findings or --due, users
that are fine according to IAM's credential report are skipped.

More than 50 users are read from lists: thousands in a minute. Such data are up to 4 hours old, and
a key's age counts from its creation or last change. --fresh and --user read each user now.

Examples:
  iam-key-rotator status
  iam-key-rotator status --wide
  iam-key-rotator status --due --csv > due.csv
  iam-key-rotator status --user 'ci-*' --json
  iam-key-rotator status --findings || echo there are findings")]
pub(crate) struct Args {
    /// Only users of this name; * for any characters
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Vec<String>,
    /// Only keys with an action that is due
    #[arg(long)]
    pub(crate) due: bool,
    /// Only users with findings; exit code 3 if there are any
    #[arg(long)]
    pub(crate) findings: bool,
    /// More columns: whole ids, state, service of the last use, secret, how it is rotated
    #[arg(long)]
    pub(crate) wide: bool,
    /// Read each user now, however many there are
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Print CSV
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
}

pub(crate) async fn run(args: &Args, session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let prose = !session.global.json && !args.csv;
    for line in stopped::lines(session).await {
        terminal.tell(!prose, line)?;
    }
    let survey = everybody(session).await?;
    let mut candidates: Vec<&Candidate> = match args.user.as_slice() {
        [] => survey.candidates.values().collect(),
        names => named(&survey, names)?,
    };
    candidates.retain(|candidate| candidate.triage.look || args.fresh || !(args.due || args.findings));
    let account = session.account(&session.config).await?;
    let reading = Reading::of(args.fresh, &args.user, candidates.len());
    let (visits, left) = read_all(&account, &account, &survey, &candidates, reading, terminal).await?;
    let mut keys: Vec<StatusRow> = visits.iter().flat_map(|visit| rows(visit, account.now())).collect();
    failed::mark(&mut keys, &visits, session, terminal).await?;
    keys.retain(|key| (!args.due || key.due) && (!args.findings || key.urgency <= Urgency::Finding));
    keys.sort_by(|a, b| {
        (a.urgency, a.next_at, &a.user, a.created.or(a.last_changed)).cmp(&(
            b.urgency,
            b.next_at,
            &b.user,
            b.created.or(b.last_changed),
        ))
    });
    if session.global.json {
        terminal.json(&keys)?;
    } else if args.csv {
        terminal.raw(&csv(&keys)?)?;
    } else {
        print_table(args, terminal, &keys)?;
        groups(&keys).print(terminal, false)?;
        for unbound in &survey.unbound {
            terminal.line(format!("No user: secret {unbound}"))?;
        }
        terminal.line(format!("\n{}", summary(&keys)))?;
    }
    if let Some(age) = age_of_data(&visits) {
        terminal.tell(!prose, age)?;
    }
    for odd in &survey.odd_rows {
        terminal.note(format!("note: {odd}"))?;
    }
    if let Some(line) = unretired(session, &keys) {
        terminal.tell(!prose, line)?;
    }
    if !args.user.is_empty() {
        for visit in visits
            .iter()
            .filter(|visit| visit.keys.is_empty() && visit.secret.is_none() && visit.failure.is_none())
        {
            terminal.tell(!prose, format!("User {} has no access key and no secret.", visit.user.name))?;
        }
    }
    let failed = left > 0 || visits.iter().any(|visit| visit.failure.is_some());
    let found = args.findings && !keys.is_empty();
    Ok(if failed {
        Exit::Failed
    } else if found {
        Exit::Findings
    } else {
        Exit::Done
    })
}

/// That nothing retires the superseded keys that are shown, if that is so.
fn unretired(session: &Session, keys: &[StatusRow]) -> Option<String> {
    let superseded: Vec<(&str, String)> = keys.iter().filter_map(StatusRow::superseded_and_active).collect();
    let named: Vec<String> =
        superseded.iter().take(MOST_NAMED).map(|(user, key)| format!("{key} of {user}")).collect();
    let more = match superseded.len().saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let which = match superseded.len() {
        0 => return None,
        1 => format!("superseded key {}", named.concat()),
        _ => format!("superseded keys {}{more}", named.join(", ")),
    };
    // A command that names many users is no shorter than one that names none.
    let users = superseded.iter().map(|(user, _)| *user).filter(|_| superseded.len() == 1);
    Some(session.unretired(session.sweep_mode, &which, users)?.line())
}

/// The most urgent rows are coloured, on a terminal.
fn print_table(args: &Args, terminal: &mut Terminal, keys: &[StatusRow]) -> std::io::Result<()> {
    if args.wide {
        return terminal.line(table(terminal.look(), &StatusRow::HEADERS, keys.iter().map(StatusRow::cells)));
    }
    let rows: Vec<Vec<String>> = keys.iter().map(StatusRow::brief).collect();
    let mut lines = lines(terminal.look(), &StatusRow::BRIEF, &rows).into_iter();
    terminal.line(lines.next().unwrap_or_default())?;
    for (key, line) in keys.iter().zip(lines) {
        let painted = match key.urgency {
            Urgency::Failed | Urgency::Finding => terminal.paint(AnsiColor::Red, &line),
            Urgency::Due => terminal.paint(AnsiColor::Yellow, &line),
            Urgency::Coming | Urgency::Quiet | Urgency::Exempt => line,
        };
        terminal.line(painted)?;
    }
    Ok(())
}

/// What needs a person, in full.
fn groups(keys: &[StatusRow]) -> Groups {
    let mut groups = Groups::default();
    for key in keys {
        for finding in &key.findings {
            groups.find(&key.user, finding);
        }
        if let Some(failed) = &key.rotation_failed {
            let title = |user: &str| {
                format!(
                    "Rotation failed: `iam-key-rotator doctor {user}` says why. CloudTrail is up to 15 minutes late."
                )
            };
            groups.add(title("USER"), title(&key.user), format!("{}: {failed}", key.user));
        }
        if let Some(failure) = &key.failure {
            let title = "Not read:".to_owned();
            groups.add(title.clone(), title, format!("{}: {failure}", key.user));
        }
    }
    groups
}

/// `300 users · 40 findings · 92 due`.
fn summary(keys: &[StatusRow]) -> String {
    let users: BTreeSet<&str> = keys.iter().map(|key| key.user.as_str()).collect();
    let findings: usize = keys.iter().map(|key| key.findings.len()).sum();
    let due = keys.iter().filter(|key| key.due).count();
    let failed = match keys.iter().filter(|key| key.rotation_failed.is_some()).count() {
        0 => String::new(),
        failed => format!("{} · ", count(failed, "failed rotation")),
    };
    format!("{} · {failed}{} · {due} due", count(users.len(), "user"), count(findings, "finding"))
}

fn csv(keys: &[StatusRow]) -> Result<Vec<u8>, Failure> {
    let failed = |error: csv::Error| Failure::Failed(format!("the CSV could not be written: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(StatusRow::COLUMNS).map_err(failed)?;
    for key in keys {
        writer.write_record(key.record().iter().map(|cell| csv_cell(cell))).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Failure::Output(error.into_error()))
}
