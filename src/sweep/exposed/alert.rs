//! The alert of an exposed key: what became of it, and what a person must do.

use serde_json::json;

use super::case::{Case, End, ExposedAnswer};
use crate::aws::Aws;
use crate::config::SweepConfig;
use crate::event::{ExposedEvent, Report};
use crate::model::{AccessKeyId, Phrase};
use crate::notify::{Digest, DigestRow, Section};

/// [AWSCompromisedKeyQuarantine](https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCompromisedKeyQuarantineV4.html).
const QUARANTINE: &str = "AWS may have attached a policy named AWSCompromisedKeyQuarantine… to the user. It stays, and limits the new key as well; it denies, for example, reading S3. `aws iam list-attached-user-policies --user-name USER` shows its ARN. Detach it only once AWS Support agrees, with other credentials than the user's: `aws iam detach-user-policy --user-name USER --policy-arn ARN`.";
/// How many names an alert has of what is no user's key.
const MOST_OTHERS: usize = 20;
/// How many keys the facts of an alert have. An SNS message is short, and an event may name a thousand.
const MOST_KEYS: usize = 100;

/// Tells the alert topic, and the administrator by mail; answers whether the topic, or without one the
/// administrator, was told.
pub(super) async fn alert(
    aws: &Aws,
    config: &SweepConfig,
    event: &ExposedEvent,
    answer: &ExposedAnswer,
    cases: &[Case],
    request_id: &str,
) -> bool {
    let mut news: Vec<&Case> = cases.iter().filter(|case| case.is_news()).collect();
    // What needs a person comes first, and is what a long list keeps.
    news.sort_by_key(|case| (case.cut_off.is_none(), case.end != End::Works));
    let digest = Digest {
        headline: headline(&news, event),
        summary: format!(
            "{}. Account {}. {}{}",
            event.source,
            answer.account.as_deref().unwrap_or("unknown"),
            what_counts(config, event.report),
            not_keys(event)
        ),
        sections: sections(&news, event, answer),
        request_id: request_id.to_owned(),
    };
    let facts = json!({
        "account": answer.account, "report": event.report, "exposed": answer.exposed, "source": event.source,
        "keys": news.iter().take(MOST_KEYS).collect::<Vec<_>>(), "more": news.len().saturating_sub(MOST_KEYS),
        "others": event.others.iter().take(MOST_KEYS).collect::<Vec<_>>(),
    });
    let email = &config.shared.email;
    let mailed = match email.admin.as_ref().zip(email.from.as_ref()) {
        Some((to, from)) => Some(digest.mail(aws, from, to).await),
        None => None,
    };
    match (&config.shared.alert_topic_arn, mailed) {
        (Some(_), _) => digest.send(aws, config, &facts).await,
        (None, Some(mailed)) => mailed,
        (None, None) => {
            tracing::error!(
                headline = digest.headline,
                "there is neither an alert topic nor an administrator to tell"
            );
            false
        }
    }
}

/// Why something is done about the keys, or nothing.
fn what_counts(config: &SweepConfig, report: Report) -> String {
    match report {
        Report::Suspected => "This is a suspicion, so nothing was changed.".into(),
        Report::Closed => "The case is closed, so nothing was changed.".into(),
        Report::Exposed if !config.mode.acts() => "The mode is audit, so nothing was changed.".into(),
        Report::Exposed if config.check_acting().is_err() => {
            "The sweep does not know the rotation function (ROTATOR_ROTATION_FUNCTION_ARN), so nothing was changed."
                .into()
        }
        Report::Exposed => format!("ROTATOR_EXPOSED is {}.", config.exposed.name()),
    }
}

fn not_keys(event: &ExposedEvent) -> String {
    let several = event.others.len();
    if several == 0 && event.keys.is_empty() {
        return " The event names no access key: read it in AWS's console.".into();
    }
    if several == 0 {
        return String::new();
    }
    let shown = event.others.iter().take(MOST_OTHERS).cloned().collect::<Vec<_>>().join(", ");
    let more =
        if several > MOST_OTHERS { format!(", and {} more", several - MOST_OTHERS) } else { String::new() };
    let whose = event.user.as_deref().map_or_else(String::new, |user| {
        format!(" The event names {user}: if that is an IAM user, its own key may have leaked too (`aws iam list-access-keys --user-name {user}`).")
    });
    format!(
        " It names what is no user's access key: {shown}{more}. If these are temporary credentials, they end by themselves, after 36 hours at the latest.{whose}"
    )
}

/// The fate comes first: a subject is cut after 99 characters, and a name may have 64.
fn headline(cases: &[&Case], event: &ExposedEvent) -> String {
    let what = match event.report {
        Report::Exposed => "Exposed",
        Report::Suspected => "Suspicious use of",
        Report::Closed => "Closed case of exposed",
    };
    match cases {
        [] => format!("{what} credentials: the event names no user's access key"),
        [case] => {
            let user = case.user.as_ref().map(|user| user.to_string());
            let user = user.or_else(|| event.user.as_ref().map(|user| format!("{user}, says the report")));
            format!(
                "{what} access key {}: {}",
                said(case, event.report),
                user.unwrap_or_else(|| "an unknown user's".into())
            )
        }
        several => {
            let count = |of: &dyn Fn(&Case) -> bool| several.iter().filter(|case| of(case)).count();
            let (cut_off, works) =
                (count(&|case| case.cut_off.is_some()), count(&|case| case.end == End::Works));
            let said = match (cut_off, works) {
                (0, 0) => "none works any more".to_owned(),
                (0, works) => format!("{works} MAY BE ACTIVE"),
                (cut_off, 0) => format!("CONSUMERS OF {cut_off} ARE CUT OFF"),
                (cut_off, works) => format!("CONSUMERS OF {cut_off} ARE CUT OFF, {works} MAY BE ACTIVE"),
            };
            format!("{what} access keys ({}): {said}", several.len())
        }
    }
}

/// A key's fate, for a subject.
fn said(case: &Case, report: Report) -> &'static str {
    match (case.end, &case.cut_off) {
        (_, Some(_)) => "deactivated, CONSUMERS ARE CUT OFF",
        (End::Over, None) if !case.actions.is_empty() => "deactivated, AWSCURRENT holds another key",
        (End::Over, None) if case.role == Some("gone") => "not known to IAM here",
        (End::Over, None) => "is inactive",
        _ if report != Report::Exposed => "still active, nothing was changed",
        _ if case.failure.is_some() => "FAILED, it may be active",
        _ if case.role.is_none() => "MAY BE ACTIVE elsewhere",
        _ => "STILL ACTIVE, act now",
    }
}

fn sections(cases: &[&Case], event: &ExposedEvent, answer: &ExposedAnswer) -> Vec<Section> {
    let (mut open, mut done, mut look) = (Vec::new(), Vec::new(), Vec::new());
    for case in cases {
        let named = case.user.as_ref().map(|user| user.as_str()).or(event.user.as_deref());
        let user = named.unwrap_or("unknown user");
        let row = |what: String, remedy: String| DigestRow { remedy, ..DigestRow::new(user, what) };
        done.extend(case.actions.iter().map(|action| row(action.clone(), String::new())));
        let role = case.role.map(|role| format!(" ({role})")).unwrap_or_default();
        let what = |why: &Phrase| format!("{}{role}: {}", case.key, why.for_people());
        if let Some(why) = &case.cut_off {
            open.push(row(
                format!("{} was deactivated; {}", case.key, why.for_people()),
                after_cut_off(case, user),
            ));
        }
        if let Some(why) = &case.not_mailed {
            let contact = "Tell whoever uses the key that it was deactivated.";
            open.push(row(format!("No mail to the user: {why}"), contact.into()));
        }
        match case.end {
            End::Over if case.actions.is_empty() => {
                look.push(row(what(&case.reason), elsewhere(case, answer).unwrap_or_default()));
            }
            End::Over | End::Waits => {}
            End::Works => open.push(row(what(&case.reason), to_revoke(case, user, event.report, answer))),
        }
        let trail = format!(
            "`aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={}`, in each region",
            case.key
        );
        look.push(row(format!("What {} did", case.key), trail));
        if event.report == Report::Exposed && case.user.is_some() && case.role != Some("gone") {
            look.push(row("The quarantine policy".into(), QUARANTINE.replace("USER", user)));
        }
        if case.role == Some("pending") && case.deactivated {
            let secret = case.secret.as_deref().unwrap_or("SECRET");
            look.push(row(
                "Its rotation cannot end".into(),
                format!("Show the repair steps: `iam-key-rotator unstick {secret}`."),
            ));
        }
    }
    let titled = [("Action needed", open), ("Done", done), ("Look at", look)];
    titled
        .into_iter()
        .filter(|(_, rows)| !rows.is_empty())
        .map(|(title, rows)| Section::of(title, rows))
        .collect()
}

/// For a key that IAM does not know: in which account it is to be looked for.
fn elsewhere(case: &Case, answer: &ExposedAnswer) -> Option<String> {
    let account = answer.account.as_deref().unwrap_or("of the sweep");
    (case.role == Some("gone")).then(|| {
        format!(
            "If nobody deleted it in account {account}: `aws sts get-access-key-info --access-key-id {}` names its account.",
            case.key
        )
    })
}

/// The commands that take a key away, where nothing of it is changed.
fn to_revoke(case: &Case, user: &str, report: Report, answer: &ExposedAnswer) -> String {
    let account = answer.account.as_deref().unwrap_or("unknown");
    if case.user.is_none() {
        return format!(
            "`aws sts get-access-key-info --access-key-id {0}` names its account. There, `aws iam get-access-key-last-used --access-key-id {0}` names its user.",
            case.key
        );
    }
    let off = format!(
        "`aws iam update-access-key --user-name {user} --access-key-id {} --status Inactive` (account {account})",
        case.key
    );
    let unless = if report == Report::Suspected { "Only if the use is not your own. " } else { "" };
    match (&case.secret, &case.in_the_way) {
        (Some(secret), Some(other)) if case.role == Some("current") => format!(
            "{unless}{} With a new key first: `iam-key-rotator rotate {secret} --revoke-now`. At once, which cuts off what uses it: {off}.",
            make_room(user, other)
        ),
        (Some(secret), None) if case.role == Some("current") => format!(
            "{unless}With a new key first: `iam-key-rotator rotate {secret} --revoke-now`. At once, which cuts off what uses it: {off}."
        ),
        (Some(_), _) if case.role == Some("superseded") => {
            format!(
                "{unless}AWSCURRENT holds another key already. Whatever still uses this one is cut off by: {off}."
            )
        }
        _ => format!("{unless}Find out what uses {}, then deactivate it: {off}.", case.key),
    }
}

/// What frees the second of a user's two places.
fn make_room(user: &str, other: &AccessKeyId) -> String {
    format!(
        "First make room, which cuts off what uses {other}: `aws iam update-access-key --user-name {user} --access-key-id {other} --status Inactive`."
    )
}

fn after_cut_off(case: &Case, user: &str) -> String {
    let secret = case.secret.as_deref().unwrap_or("SECRET");
    let room = case.in_the_way.as_ref().filter(|other| **other != case.key);
    let room =
        room.map(|other| format!("{} Then give", make_room(user, other))).unwrap_or_else(|| "Give".into());
    format!(
        "{room} its consumers a new key: `iam-key-rotator rotate {secret} --wait`. `iam-key-rotator doctor {secret}` says what stands in the way."
    )
}
