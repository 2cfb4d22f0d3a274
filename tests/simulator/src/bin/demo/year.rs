//! The second act: a small company's account, swept every day for a year.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::SystemTime;

use serde_json::Value;
use simulator::{Fault, FaultKind, FunctionError};

use crate::DAY;
use crate::company::{ACCOUNT, Company, Keys, LEFT_ALONE, ROTATED};
use crate::scene::date;
use crate::show::{Facts, Tone, event, heading, say};

const DAYS: u32 = 365;
/// When AWS finds a key in a public place, and whose.
const LEAK: (u32, &str) = (250, "ci-bot");
/// A key is due on its 90th day, and a sweep comes once a day.
const OLDEST: u32 = 91;

/// What is to be true in the end.
#[derive(Default)]
struct Observed {
    broken: BTreeSet<String>,
    too_old: BTreeSet<String>,
    crowded: bool,
    leak_ended: bool,
    lines: u32,
}

/// The account as it was the day before.
struct Yesterday {
    keys: BTreeMap<&'static str, Keys>,
    enrolled: BTreeSet<&'static str>,
    mails: usize,
    alerts: usize,
}

impl Yesterday {
    fn of(company: &Company) -> Self {
        let users = || ROTATED.into_iter().map(|(user, _)| user).chain(LEFT_ALONE);
        Self {
            keys: users().map(|user| (user, company.keys(user))).collect(),
            enrolled: users().filter(|user| company.secret(user).is_some()).collect(),
            mails: company.sim.mails().len(),
            alerts: company.sim.alerts().len(),
        }
    }
}

pub async fn play(facts: &mut Facts) -> io::Result<()> {
    heading("8. A year of a small company: every user of its account, one sweep a day");
    say("Keys are due at 90 days; a superseded one stays for 10 days, and 7 more inactive.");
    say("Both functions are the real binaries. Quiet days are not shown.");
    let mut company = Company::found().await?;
    say(&format!("{}. Its log: {}", company.sweep.program.display(), company.sweep.log.display()));
    println!();
    let untouched = LEFT_ALONE.map(|user| company.keys(user));
    let mut observed = Observed::default();
    for day in 0..DAYS {
        if day == 1 {
            company.enforce().await?;
        }
        let date = date(company.sim.now() + DAY);
        let mut told = |who: &str, what: &str, tone| {
            observed.lines += 1;
            event(day, &date, who, what, tone);
        };
        for (who, what) in meddle(&mut company, day) {
            told(who, what, Tone::Others);
        }
        let yesterday = Yesterday::of(&company);
        if day == LEAK.0 {
            told(LEAK.1, "AWS finds its key in a public repository", Tone::Others);
            let found = company.current(LEAK.1);
            let responded = company.leak(LEAK.1).await.is_ok();
            let off = found.is_some_and(|key| company.keys(LEAK.1).get(&key) == Some(&false));
            observed.leak_ended = responded && off && company.work().is_empty();
        }
        let answer = company.night().await;
        tell(&company, &yesterday, &answer, day == 0, &mut told);
        company.sim.clear_faults();
        company.sim.clear_journal();
        observed.broken.extend(company.work());
        look(&company, day, &mut observed);
    }
    println!();
    facts.check(observed.lines > 40, &format!("{DAYS} sweeps, {} events", observed.lines));
    facts.check(observed.broken.is_empty(), "no program ever found its key refused");
    facts.check(
        observed.too_old.iter().all(|user| user == "deploy-bot"),
        &format!("no key in use was older than {OLDEST} days, but the one whose rotation was turned off"),
    );
    facts.check(!observed.crowded, "nobody ever had more than two keys");
    facts.check(observed.leak_ended, "the key that leaked was replaced, and then deactivated at once");
    facts.check(
        LEFT_ALONE.map(|user| company.keys(user)) == untouched,
        "exempt users, and the one without an active key, were left alone",
    );
    let mails = company.sim.mails();
    let different: BTreeSet<_> = mails.iter().map(|mail| (&mail.to, &mail.text)).collect();
    facts.check(different.len() == mails.len(), &format!("{} mails, no two alike", mails.len()));
    let secrets = company.sim.canaries();
    let holds = |text: &str| secrets.iter().any(|secret| text.contains(secret.as_str()));
    let logged =
        company.sweep.logs_a_secret(&company.sim)? || company.rotation.logs_a_secret(&company.sim)?;
    facts.check(
        !logged && !mails.iter().any(|mail| holds(&format!("{mail:?}"))),
        "no secret is in a mail, or in either function's log",
    );
    Ok(())
}

/// What other people do in the course of the year, before a day's sweep.
fn meddle(company: &mut Company, day: u32) -> Vec<(&'static str, &'static str)> {
    let sim = company.sim.clone();
    match day {
        0 => vec![("admin", "tries it in audit mode first")],
        1 => vec![("admin", "sets ROTATOR_MODE=enforce")],
        40 => {
            // What nobody uses any more is deactivated by hand, and deleted by the sweep.
            if let Some(key) = company.copy.take() {
                sim.set_key_status(&key, false);
            }
            vec![("admin", "has backup-nas read its key from the secret, and deactivates the copied one")]
        }
        100 => {
            sim.create_access_key(ACCOUNT, "smtp-relay");
            vec![("admin", "makes a second key for smtp-relay by hand")]
        }
        108 => {
            let by_hand = company.keys("smtp-relay").into_keys();
            let current = company.current("smtp-relay");
            by_hand
                .filter(|key| Some(key) != current.as_ref())
                .for_each(|key| sim.set_key_status(&key, false));
            vec![("admin", "does not need it after all, and deactivates it")]
        }
        119 => {
            let lost = Fault::on("CreateAccessKey", 1, FaultKind::ResponseLost);
            sim.add_fault(Fault { target_contains: Some("ci-bot".into()), ..lost });
            Vec::new()
        }
        150 => {
            sim.delete_user(ACCOUNT, "anna@example.com");
            vec![("admin", "deletes anna, who has left")]
        }
        160 => {
            company.secret("anna@example.com").iter().for_each(|arn| sim.delete_secret(arn));
            vec![("admin", "deletes her secret, too")]
        }
        165 => {
            company.secret("deploy-bot").iter().for_each(|arn| sim.disable_rotation(arn));
            vec![("admin", "turns off the rotation of deploy-bot's secret")]
        }
        190 => {
            company.secret("deploy-bot").iter().for_each(|arn| sim.set_rotation(arn, &company.rotation.arn));
            vec![("admin", "turns it on again")]
        }
        220 => {
            sim.add_fault(Fault::on("GetCredentialReport", 0, FaultKind::Denied));
            vec![("admin", "denies the sweep the credential report, for a day")]
        }
        _ => Vec::new(),
    }
}

/// What came of a day: of each user's keys, and what people were told.
fn tell(
    company: &Company,
    yesterday: &Yesterday,
    answer: &Result<Value, FunctionError>,
    audit: bool,
    told: &mut impl FnMut(&str, &str, Tone),
) {
    let mails = company.sim.mails().split_off(yesterday.mails);
    if audit {
        let plan = answer.iter().filter_map(|answer| answer["plan"].as_array()).flatten();
        for line in plan.filter_map(Value::as_str) {
            let (who, what) = line.split_once(": ").unwrap_or(("", line));
            told(who, &format!("would {}", brief(what)), Tone::Told);
        }
        let digest = mails.iter().filter_map(|mail| mail.text.as_deref());
        for (_, who, what) in digest.flat_map(|text| rows(text, "Exempt")) {
            told(who, &format!("exempt: {what}"), Tone::Told);
        }
    }
    for (user, before) in &yesterday.keys {
        for what in changes(company, user, before, yesterday.enrolled.contains(user)) {
            told(user, &what, Tone::Done);
        }
    }
    for mail in &mails {
        let (subject, what) = mail.subject.split_once(": ").unwrap_or(("", &mail.subject));
        // What has happened is told above; what is coming is told here.
        if let Some(user) = subject.strip_prefix("Access key of ").filter(|_| what.contains(" on ")) {
            told(user, &format!("mailed: {what}"), Tone::Told);
        }
    }
    for alert in company.sim.alerts().iter().skip(yesterday.alerts) {
        let subject = alert.subject.clone().unwrap_or_default();
        let new = rows(&alert.message, "Action needed: ");
        if new.is_empty() {
            told("alert", &subject, Tone::Told);
        }
        for (kind, who, what) in new {
            told(who, &format!("alert: {kind} {}", brief(what)), Tone::Told);
        }
    }
}

/// What became of a user's keys in a day.
fn changes(company: &Company, user: &str, before: &Keys, was_enrolled: bool) -> Vec<String> {
    let now = company.keys(user);
    let mut lines = Vec::new();
    let current = company.current(user);
    if !was_enrolled && company.secret(user).is_some() {
        lines.push("enrolled: has a secret of its own from now on".to_owned());
    }
    for key in now.keys().filter(|key| !before.contains_key(*key)) {
        lines.push(match Some(key) == current.as_ref() {
            true if before.keys().any(|old| now.get(old) == Some(&true)) => {
                format!("rotated: {} is in the secret; the key before works for 10 more days", short(key))
            }
            true => format!("rotated: {} is in the secret", short(key)),
            false => format!("{} was made, and is not in the secret yet", short(key)),
        });
    }
    for (key, was_active) in before {
        match now.get(key) {
            Some(false) if *was_active => lines.push(format!("{} deactivated", short(key))),
            None if !now.is_empty() => lines.push(format!("{} deleted", short(key))),
            _ => {}
        }
    }
    lines
}

/// The rows of the sections whose titles begin so: the rest of the title, who, and what.
fn rows<'t>(text: &'t str, section: &str) -> Vec<(&'t str, &'t str, &'t str)> {
    let mut rest = None;
    let mut rows = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("  ").filter(|row| !row.starts_with([' ']) && !row.starts_with("To do: ")) {
            // A title ends with the number of its rows.
            None if !line.starts_with(' ') => {
                rest = line.strip_prefix(section).map(|rest| rest.split(" (").next().unwrap_or(rest));
            }
            None => {}
            Some(row) => {
                rows.extend(rest.zip(row.split_once(": ")).map(|(rest, (who, what))| (rest, who, what)))
            }
        }
    }
    rows
}

/// Keys by their last four letters, times by their day.
fn brief(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let bare = word.trim_end_matches([',', ':', ';']);
        let rest = &word[bare.len()..];
        if bare.starts_with("AKIA") && bare.len() > 16 {
            format!("{}{rest}", short(bare))
        } else if bare.ends_with('Z') && bare.contains('T') && bare.get(..10).is_some() {
            format!("{}{rest}", &bare[..10])
        } else {
            word.to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn short(key: &str) -> String {
    format!("…{}", &key[key.len().saturating_sub(4)..])
}

/// Looks for what must never be.
fn look(company: &Company, day: u32, observed: &mut Observed) {
    let now: SystemTime = company.sim.now();
    for (user, _) in ROTATED {
        observed.crowded |= company.keys(user).len() > 2;
        let key = company.current(user);
        let created = key.and_then(|key| company.created(user, &key));
        let age = created.and_then(|created| now.duration_since(created).ok());
        if day > 0 && age.is_some_and(|age| age > OLDEST * DAY + DAY / 24) {
            observed.too_old.insert(user.to_owned());
        }
    }
}
