//! The report as CSV: a row a key, and a row for a user who has none.

use super::evidence::{Key, Report, User};
use crate::model::csv_cell;

const COLUMNS: [&str; 29] = [
    "account",
    "user",
    "user_arn",
    "key",
    "created",
    "age_days",
    "status",
    "role",
    "last_used_at",
    "last_used_service",
    "last_used_region",
    "rotate_after",
    "overlap",
    "recovery",
    "policy_by_tags",
    "secret",
    "secret_arn",
    "version",
    "last_rotated",
    "next_rotation",
    "rotation_enabled",
    "validation",
    "exemption",
    "unmet",
    "findings",
    "controls",
    "next",
    "history",
    "failure",
];

/// The report as CSV; a row of the credential report that could not be read is a row without a user. What a spreadsheet would take for a formula begins with an apostrophe.
pub fn csv(report: &Report) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = writer.write_record(COLUMNS);
    for user in &report.users {
        let keys: Vec<Option<&Key>> = match user.keys.len() {
            0 => vec![None],
            _ => user.keys.iter().map(Some).collect(),
        };
        for key in keys {
            let _ = writer.write_record(row(report, user, key).map(|cell| csv_cell(&cell)));
        }
    }
    for odd in &report.odd_rows {
        let mut row = [const { String::new() }; COLUMNS.len()];
        if let Some(failure) = row.last_mut() {
            failure.clone_from(odd);
        }
        let _ = writer.write_record(row);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn row(report: &Report, user: &User, key: Option<&Key>) -> [String; 29] {
    let of_key = |say: &dyn Fn(&Key) -> String| key.map(say).unwrap_or_default();
    let used = key.and_then(|key| key.last_used.as_ref());
    let (secret, policy) = (user.secret.as_ref(), user.policy.as_ref());
    let joined = |parts: Vec<String>| parts.join("; ");
    let history = user.history.iter().map(|event| {
        let from = event.not_before.map(|from| format!("{from} to ")).unwrap_or_default();
        format!("{} {} {from}{} ({})", event.key, event.what.word(), event.at, event.source.words())
    });
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    [
        text(report.account.as_ref()),
        user.name.clone(),
        user.arn.clone(),
        of_key(&|key| key.suffix.clone()),
        of_key(&|key| key.created.to_string()),
        of_key(&|key| key.age_days.to_string()),
        of_key(&|key| if key.active { "active".into() } else { "inactive".into() }),
        of_key(&|key| key.role.clone()),
        used.map_or_else(|| of_key(&|_| "never".into()), |used| used.at.to_string()),
        text(used.map(|used| &used.service)),
        text(used.map(|used| &used.region)),
        text(policy.map(|policy| &policy.rotate_after)),
        text(policy.map(|policy| &policy.overlap)),
        text(policy.map(|policy| &policy.recovery)),
        policy.map(|policy| policy.by_tags.to_string()).unwrap_or_default(),
        text(secret.map(|secret| &secret.name)),
        text(secret.map(|secret| &secret.arn)),
        text(secret.and_then(|secret| secret.version.as_ref())),
        secret.and_then(|secret| secret.last_rotated).map(|at| at.to_string()).unwrap_or_default(),
        secret.and_then(|secret| secret.next_rotation).map(|at| at.to_string()).unwrap_or_default(),
        secret.map(|secret| secret.rotation_enabled.to_string()).unwrap_or_default(),
        user.validation.as_ref().map(|validation| validation.words().to_owned()).unwrap_or_default(),
        text(user.exemption.as_ref()),
        joined(user.unmet.clone()),
        joined(
            user.findings.iter().map(|finding| format!("{}: {}", finding.kind, finding.evidence)).collect(),
        ),
        {
            let mut controls: Vec<String> =
                user.findings.iter().flat_map(|finding| finding.controls.clone()).collect();
            controls.sort();
            controls.dedup();
            joined(controls)
        },
        joined(user.next.iter().map(ToString::to_string).collect()),
        joined(history.collect()),
        text(user.failure.as_ref()),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_user_with_two_keys_has_two_rows_and_one_with_none_has_one() {
        let keys = [("AAAA", "2025-11-01T00:00:00Z", false), ("BBBB", "2025-12-01T00:00:00Z", true)];
        let text = csv(&sample::report("2026-01-01T00:00:00Z", &[("ci", &keys), ("bob", &[])]));
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows.len(), 4, "{text}");
        assert!(rows[1].contains(",AAAA,2025-11-01T00:00:00Z,61,inactive,"), "{}", rows[1]);
        assert!(rows[2].contains(",BBBB,") && rows[3].starts_with("111122223333,bob,"), "{text}");
    }

    #[test]
    fn a_name_that_is_a_formula_is_text() {
        let text = csv(&sample::report("2026-01-01T00:00:00Z", &[("=1+1", &[]), ("+x@y", &[])]));
        assert!(text.contains(",'=1+1,") && text.contains(",'+x@y,"), "{text}");
    }
}
