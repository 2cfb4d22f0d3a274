//! The alert of an exposed key: what became of it, and what a person must do.

use serde_json::json;

use super::case::{Case, End, ExposedAnswer};
use crate::aws::Aws;
use crate::config::SweepConfig;
use crate::event::{ExposedEvent, Report};
use crate::model::Phrase;
use crate::notify::{Digest, DigestRow, Section};

/// [AWSCompromisedKeyQuarantine](https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCompromisedKeyQuarantineV4.html).
const QUARANTINE: &str = "AWS may have attached a policy named AWSCompromisedKeyQuarantine… to the user. It stays, and limits the new key as well; it denies, for example, reading S3. `aws iam list-attached-user-policies --user-name USER` shows its ARN. Detach it only when AWS's support case allows it, as somebody else than the user: `aws iam detach-user-policy --user-name USER --policy-arn ARN`.";
/// How many names an alert has of what is no user's key.
const MOST_OTHERS: usize = 20;

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
    let news: Vec<&Case> = cases.iter().filter(|case| case.is_news()).collect();
    let digest = Digest {
        headline: headline(&news, event.report),
        summary: format!(
            "{}. Account {}. {}{}",
            event.source,
            answer.account.as_deref().unwrap_or("unknown"),
            what_counts(config, event.report),
            not_keys(event)
        ),
        sections: sections(&news, event.report),
        request_id: request_id.to_owned(),
    };
    let facts = json!({
        "account": answer.account, "report": event.report, "exposed": answer.exposed, "source": event.source,
        "keys": news, "others": event.others,
    });
    let email = &config.shared.email;
    let mailed = match email.admin.as_ref().zip(email.from.as_ref()) {
        Some((to, from)) => digest.mail(aws, from, to).await,
        None => true,
    };
    match &config.shared.alert_topic_arn {
        Some(_) => digest.send(aws, config, &facts).await,
        None => mailed,
    }
}

/// Why something is done about the keys, or nothing.
fn what_counts(config: &SweepConfig, report: Report) -> String {
    match report {
        Report::Suspected => "This is a suspicion, so nothing was changed.".into(),
        Report::Closed => "The case is closed, so nothing was changed.".into(),
        Report::Exposed if !config.mode.acts() => "The mode is audit, so nothing was changed.".into(),
        Report::Exposed => format!("ROTATOR_EXPOSED is {}.", config.exposed.name()),
    }
}

fn not_keys(event: &ExposedEvent) -> String {
    match event.others.len() {
        0 if event.keys.is_empty() => " The event names no access key: read it in AWS's console.".into(),
        0 => String::new(),
        several => format!(
            " It also names what is no user's access key, such as temporary credentials, which end by themselves: {}{}.",
            event.others.iter().take(MOST_OTHERS).cloned().collect::<Vec<_>>().join(", "),
            if several > MOST_OTHERS {
                format!(", and {} more", several - MOST_OTHERS)
            } else {
                String::new()
            }
        ),
    }
}

fn headline(cases: &[&Case], report: Report) -> String {
    let what = match report {
        Report::Exposed => "Exposed",
        Report::Suspected => "Suspicious use of",
        Report::Closed => "Closed case of exposed",
    };
    match cases {
        [] => format!("{what} credentials: the event names no user's access key"),
        [case] => {
            let user = case.user.as_ref().map_or("an unknown user", |user| user.as_str());
            format!("{what} access key of {user}: {}", said(case, report))
        }
        several => {
            let works = several.iter().filter(|case| case.end == End::Works).count();
            let said =
                if works == 0 { "none works any more".into() } else { format!("{works} still active") };
            format!("{what} access keys ({}): {said}", several.len())
        }
    }
}

/// A key's fate, for a subject.
fn said(case: &Case, report: Report) -> &'static str {
    match (case.end, &case.cut_off) {
        (_, Some(_)) => "deactivated, CONSUMERS ARE CUT OFF",
        (End::Over, None) if !case.actions.is_empty() => "deactivated, AWSCURRENT holds another key",
        (End::Over, None) => "it does not work any more",
        _ if case.failure.is_some() => "FAILED, it may be active",
        _ if case.role.is_none() => "its user is not known",
        _ if report != Report::Exposed => "still active, nothing was changed",
        _ => "STILL ACTIVE, act now",
    }
}

fn sections(cases: &[&Case], report: Report) -> Vec<Section> {
    let (mut open, mut done, mut look) = (Vec::new(), Vec::new(), Vec::new());
    for case in cases {
        let user = case.user.as_ref().map_or("unknown user", |user| user.as_str());
        let row = |what: String, remedy: String| DigestRow { remedy, ..DigestRow::new(user, what) };
        done.extend(case.actions.iter().map(|action| row(action.clone(), String::new())));
        let role = case.role.map(|role| format!(" ({role})")).unwrap_or_default();
        let what = |why: &Phrase| format!("{}{role}: {}", case.key, why.for_people());
        if let Some(why) = &case.cut_off {
            open.push(row(what(why), after_cut_off(case)));
        }
        if let Some(why) = &case.not_mailed {
            let contact = "Tell whoever uses the key that it was deactivated.";
            open.push(row(format!("No mail to the user: {why}"), contact.into()));
        }
        match case.end {
            End::Over if case.cut_off.is_none() => done.push(row(what(&case.reason), String::new())),
            End::Over | End::Waits => {}
            End::Works => open.push(row(what(&case.reason), to_revoke(case, user, report))),
        }
        let trail = format!(
            "`aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={}`, in each region",
            case.key
        );
        look.push(row(format!("What {} did", case.key), trail));
        if report == Report::Exposed && case.user.is_some() && case.role != Some("gone") {
            look.push(row("The quarantine policy".into(), QUARANTINE.replace("USER", user)));
        }
        if case.role == Some("pending") {
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

/// The commands that take a key away, where nothing of it is changed.
fn to_revoke(case: &Case, user: &str, report: Report) -> String {
    if case.user.is_none() {
        return format!(
            "In the key's own account: `aws iam get-access-key-last-used --access-key-id {}` names its user.",
            case.key
        );
    }
    let off = format!(
        "`aws iam update-access-key --user-name {user} --access-key-id {} --status Inactive`",
        case.key
    );
    let unless = if report == Report::Suspected { "Only if the use is not your own. " } else { "" };
    match &case.secret {
        Some(secret) if case.role == Some("current") => {
            format!(
                "{unless}With a new key first: `iam-key-rotator rotate {secret} --revoke-now`. At once, which cuts off what uses it: {off}."
            )
        }
        _ => format!("{unless}Find out what uses it, then deactivate it: {off}."),
    }
}

fn after_cut_off(case: &Case) -> String {
    let secret = case.secret.as_deref().unwrap_or("SECRET");
    format!(
        "Give its consumers a new key: `iam-key-rotator doctor {secret}` says what stands in the way, `iam-key-rotator rotate {secret} --wait` makes one."
    )
}
