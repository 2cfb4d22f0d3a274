//! `status`: every user with keys, the most urgent first.

mod row;

use super::fleet::{everybody, look_at_all};
use super::table::table;
use super::{Exit, Failure, Session, Terminal, stopped};
use crate::model::csv_cell;
use crate::sweep::Candidate;

use row::{StatusRow, rows};

/// How many superseded keys are named where nothing retires them.
const MOST_NAMED: usize = 10;

/// Arguments of `status`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Users are sorted by urgency: what failed, what needs a person, what is due, then by what comes next.
A function that is stopped (reserved concurrency 0) is named first. With --findings or --due, users whom the credential report shows to need nothing are not asked after.

Examples:
  iam-key-rotator status
  iam-key-rotator status --due --csv > due.csv
  iam-key-rotator status --user 'ci-*' --json
  iam-key-rotator status --findings || echo somebody is needed")]
pub(crate) struct Args {
    /// Only users of this name; * for any characters
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Vec<String>,
    /// Only keys to which something is to be done now
    #[arg(long)]
    pub(crate) due: bool,
    /// Only users with a finding; exit code 3 if there is one
    #[arg(long)]
    pub(crate) findings: bool,
    /// Answer with CSV
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
}

pub(crate) async fn run(args: &Args, session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let prose = !session.global.json && !args.csv;
    for line in stopped::lines(session).await {
        terminal.tell(!prose, line)?;
    }
    let survey = everybody(session).await?;
    let patterns: Vec<_> =
        args.user.iter().map(|name| wildmatch::WildMatch::new_case_insensitive(name)).collect();
    let named = |candidate: &Candidate| {
        patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(&candidate.user.name))
    };
    let needy = |candidate: &Candidate| candidate.triage.look || !(args.due || args.findings);
    let candidates: Vec<&Candidate> =
        survey.candidates.values().filter(|candidate| named(candidate) && needy(candidate)).collect();
    let account = session.account(&session.config).await?;
    let (visits, left) = look_at_all(&account, &candidates, terminal).await?;
    let mut keys: Vec<StatusRow> = visits.iter().flat_map(|visit| rows(visit, account.now())).collect();
    keys.retain(|key| {
        (!args.due || key.due) && (!args.findings || !key.findings.is_empty() || key.failure.is_some())
    });
    keys.sort_by(|a, b| {
        (a.urgency, a.next_at, &a.user, a.created).cmp(&(b.urgency, b.next_at, &b.user, b.created))
    });
    if session.global.json {
        terminal.json(&keys)?;
    } else if args.csv {
        terminal.raw(&csv(&keys)?)?;
    } else {
        terminal.line(table(terminal.look(), &StatusRow::HEADERS, keys.iter().map(StatusRow::cells)))?;
        print_findings(terminal, &keys)?;
        for unbound in &survey.unbound {
            terminal.line(format!("No user: secret {unbound}"))?;
        }
    }
    for odd in &survey.odd_rows {
        terminal.note(format!("note: {odd}"))?;
    }
    if let Some(line) = unretired(session, &keys) {
        terminal.tell(!prose, line)?;
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

/// What needs a person, in full: the table has no room for it.
fn print_findings(terminal: &mut Terminal, keys: &[StatusRow]) -> std::io::Result<()> {
    let mut told = std::collections::BTreeSet::new();
    for key in keys {
        for finding in &key.findings {
            let line = format!("{}: {}: {}. {}", key.user, finding.kind, finding.evidence, finding.remedy);
            if told.insert(line.clone()) {
                terminal.line(if told.len() == 1 { format!("\n{line}") } else { line })?;
            }
        }
        if let Some(failure) = key.failure.as_ref().filter(|failure| told.insert((*failure).clone())) {
            terminal.line(format!("{}: could not be looked at: {failure}", key.user))?;
        }
    }
    Ok(())
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
