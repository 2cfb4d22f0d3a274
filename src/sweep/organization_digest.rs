//! The one alert and the one digest about all accounts of an organization.

use serde_json::{Value, json};

use crate::aws::Aws;
use crate::config::SweepConfig;
use crate::model::counted;
use crate::notify::{Digest, DigestRow, Section};

/// Tells of all accounts of an organization: an alert of those that failed, and a summary.
pub(super) async fn tell_of_organization(
    aws: &Aws,
    config: &SweepConfig,
    results: &[Value],
    failures: &[&Value],
) {
    let count = |result: &Value, field: &str| -> u64 {
        match result.get(field) {
            Some(Value::Object(counts)) => counts.values().filter_map(Value::as_u64).sum(),
            _ => 0,
        }
    };
    let total = |field: &str| results.iter().map(|result| count(result, field)).sum::<u64>();
    let (actions, findings) = (total("actions"), total("findings"));
    let account =
        |result: &Value| result["account"].as_str().unwrap_or("unknown").escape_default().to_string();
    let failed: Vec<DigestRow> =
        failures.iter().map(|result| DigestRow::new(account(result), failure_of(result))).collect();
    let active: Vec<DigestRow> = results
        .iter()
        .filter(|result| count(result, "actions") + count(result, "findings") > 0)
        .map(|result| {
            let actions = counted(count(result, "actions"), "action");
            let findings = counted(count(result, "findings"), "finding");
            DigestRow::new(account(result), format!("{actions}, {findings}"))
        })
        .collect();
    if failed.is_empty() && active.is_empty() {
        return;
    }
    let headline = match failures.len() {
        0 => format!("Key sweep of {}", counted(results.len(), "account")),
        failed => format!("Key sweep: {failed} of {} failed", counted(results.len(), "account")),
    };
    let sections = [
        Section::of("Failed, or left users out", failed),
        Section::of("Accounts with actions or findings", active),
    ];
    let digest = Digest {
        headline,
        summary: format!(
            "{}, {}, {}.",
            counted(results.len(), "account"),
            counted(actions, "action"),
            counted(findings, "finding")
        ),
        sections: sections.into_iter().filter(|section| !section.lines.is_empty()).collect(),
        request_id: "in the state machine's history".into(),
    };
    let accounts: Vec<String> = failures.iter().map(|result| account(result)).collect();
    let facts =
        json!({"accounts": results.len(), "failed": accounts, "actions": actions, "findings": findings});
    let to = config.shared.email.admin.as_ref().zip(config.shared.email.from.as_ref());
    if let Some((to, from)) = to {
        digest.mail(aws, from, to).await;
    }
    if to.is_none() || !failures.is_empty() {
        digest.send(aws, config, &facts).await;
    }
}

/// An account's failure in the state machine's words, or in its own answer's.
fn failure_of(result: &Value) -> String {
    let text = |field: &str| result.get(field).and_then(Value::as_str);
    let Some(error) = text("error") else {
        let users = result["failures"].as_u64().unwrap_or_default();
        let were = if users == 1 { "was" } else { "were" };
        return format!("{} {were} left out", counted(users, "user"));
    };
    let cause = text("cause").unwrap_or_default();
    let parsed = serde_json::from_str::<Value>(cause).ok();
    let message = parsed.as_ref().and_then(|cause| cause["errorMessage"].as_str()).unwrap_or(cause);
    let clean = |text: &str| text.chars().filter(|c| !c.is_control()).take(500).collect::<String>();
    format!("{}: {}", clean(error), clean(message))
}
