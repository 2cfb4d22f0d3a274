//! IAM's credential report: what every user of an account has, in two calls.

use std::collections::HashMap;

use jiff::Timestamp;

use super::UserRef;

/// One user's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedUser {
    /// The user.
    pub user: UserRef,
    /// The keys that the report shows, one or two of them. It does not tell their ids, and of an
    /// inactive key it may show nothing at all.
    pub keys: Vec<ReportedKey>,
}

/// A key as the report shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportedKey {
    /// Whether it is active.
    pub active: bool,
    /// When it was created or last changed, whichever is later. So the key is at least that old.
    pub changed: Option<Timestamp>,
    /// Whether it was ever used; `None` where the report does not know.
    pub used: Option<bool>,
}

/// Why a report cannot be read. It is then never taken as "no users".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the credential report cannot be read: {0}")]
pub struct ReportError(String);

/// The columns that are read, of the 22 there are
/// ([format](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html#id_credentials_understanding_the_report_format)).
const ARN: &str = "arn";
const KEY_COLUMNS: [[&str; 3]; 2] = [
    ["access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date"],
    ["access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date"],
];

/// Reads a report: the users of the account, without its root.
pub fn parse_report(csv: &[u8]) -> Result<Vec<ReportedUser>, ReportError> {
    let unreadable = |error: csv::Error| ReportError(error.to_string());
    let mut reader = csv::Reader::from_reader(csv);
    let columns: HashMap<String, usize> = reader
        .headers()
        .map_err(unreadable)?
        .iter()
        .enumerate()
        .map(|(position, name)| (name.to_owned(), position))
        .collect();
    let column = |name: &str| {
        columns.get(name).copied().ok_or_else(|| ReportError(format!("it has no column `{name}`")))
    };
    let arn_column = column(ARN)?;
    let mut key_columns = [[0; 3]; 2];
    for (positions, names) in key_columns.iter_mut().zip(KEY_COLUMNS) {
        for (position, name) in positions.iter_mut().zip(names) {
            *position = column(name)?;
        }
    }
    let mut users = Vec::new();
    for row in reader.into_records() {
        let row = row.map_err(unreadable)?;
        let cell = |position: usize| row.get(position).unwrap_or_default();
        // The first row is the account's root, whose ARN is no user's.
        let Ok(user) = UserRef::parse(cell(arn_column), "", "") else { continue };
        let mut keys = Vec::new();
        for [active, changed, used] in key_columns {
            let active = match cell(active) {
                "true" => true,
                "false" => false,
                _ => return Err(ReportError("a key is neither active nor inactive".into())),
            };
            let changed = cell(changed).parse().ok();
            if active || changed.is_some() {
                let used = match cell(used) {
                    "N/A" => Some(false),
                    "no_information" => None,
                    date => date.parse::<Timestamp>().ok().map(|_| true),
                };
                keys.push(ReportedKey { active, changed, used });
            }
        }
        users.push(ReportedUser { user, keys });
    }
    Ok(users)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

    fn row(name: &str, arn: &str, first: &str, second: &str) -> String {
        format!(
            "{name},{arn},2024-01-01T00:00:00+00:00,false,N/A,N/A,N/A,false,{first},{second},false,N/A,false,N/A"
        )
    }

    #[test]
    fn every_user_is_read_and_the_root_is_not_one() {
        let csv = [
            HEAD.to_owned(),
            row(
                "<root_account>",
                "arn:aws:iam::111122223333:root",
                "true,2020-01-01T00:00:00+00:00,N/A,N/A,N/A",
                "false,N/A,N/A,N/A,N/A",
            ),
            row(
                "ci",
                "arn:aws:iam::111122223333:user/team/ci",
                "true,2025-06-01T10:00:00+00:00,2025-06-02T00:00:00+00:00,eu-west-1,s3",
                "false,2025-05-01T10:00:00+00:00,no_information,N/A,N/A",
            ),
            row(
                "bob",
                "arn:aws:iam::111122223333:user/bob",
                "false,N/A,N/A,N/A,N/A",
                "false,N/A,N/A,N/A,N/A",
            ),
        ]
        .join("\n");
        let users = parse_report(csv.as_bytes()).unwrap();
        let [ci, bob] = &users[..] else { panic!("{users:?}") };
        assert_eq!((ci.user.name.as_str(), ci.user.account.as_str()), ("ci", "111122223333"));
        assert_eq!(ci.user.arn(), "arn:aws:iam::111122223333:user/team/ci");
        assert_eq!(ci.keys.len(), 2);
        assert_eq!((ci.keys[0].active, ci.keys[0].used), (true, Some(true)));
        assert_eq!((ci.keys[1].active, ci.keys[1].used), (false, None));
        assert!(bob.keys.is_empty());
    }

    #[test]
    fn what_is_no_report_is_an_error_and_never_an_account_without_users() {
        for text in ["", "user,arn\nci,arn:aws:iam::111122223333:user/ci", "<html>", "\u{0}\u{1}"] {
            assert!(parse_report(text.as_bytes()).is_err(), "{text:?}");
        }
        let cut = format!("{HEAD}\nci,arn:aws:iam::111122223333:user/ci,2024");
        assert!(parse_report(cut.as_bytes()).is_err());
    }
}
