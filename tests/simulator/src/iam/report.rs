//! The credential report.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html>

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::clock::{iso, iso_offset};
use crate::front::door::Context;
use crate::front::protocol::ApiError;
use crate::front::xml::Xml;
use crate::options::{Options, ReportKeyOrder};
use crate::world::identity::{AccessKey, CredentialReport, User};

/// "You can generate a credential report as often as once every four hours."
const KEPT: Duration = Duration::from_secs(4 * 3600);

/// The guide lists a 23rd column, `additional_credentials_info`, for users with more than two keys:
/// the limit of two keeps it away.
const HEADER: &str = "user,arn,user_creation_time,password_enabled,password_last_used,\
    password_last_changed,password_next_rotation,mfa_active,access_key_1_active,\
    access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,\
    access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
    access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,\
    cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

const NONE: &str = "N/A";

/// Where the age of a report puts it.
enum Age {
    InProgress,
    Fresh,
    Expired,
}

impl CredentialReport {
    fn age(&self, now: SystemTime) -> Age {
        if now < self.generated {
            Age::InProgress
        } else if now <= self.generated + KEPT {
            Age::Fresh
        } else {
            Age::Expired
        }
    }
}

/// Its content is what was so at the beginning; later changes do not show in it.
pub(super) fn generate_credential_report(context: &mut Context<'_>) -> Result<Xml, ApiError> {
    let now = context.now;
    let state = &mut *context.state;
    let options = state.options.clone();
    let account = state.world.account(&context.caller.account);
    match account.report.as_ref().map(|report| report.age(now)) {
        Some(Age::Fresh) => return Ok(Xml::new().text("State", "COMPLETE")),
        Some(Age::InProgress) => return Ok(Xml::new().text("State", "INPROGRESS")),
        Some(Age::Expired) | None => {}
    }
    let mut rows = vec![HEADER.to_owned(), root_row(&context.caller.account, &options)];
    let odd_rows = &account.odd_rows;
    rows.extend(account.users.iter_mut().map(|(name, user)| {
        let row = user_row(user, now, &options);
        odd_rows.get(name).cloned().unwrap_or(row)
    }));
    account.report =
        Some(CredentialReport { generated: now + options.report_takes, content: rows.join("\n") });
    Ok(Xml::new()
        .text("State", "STARTED")
        .text("Description", "No report exists. Starting a new report generation task"))
}

pub(super) fn get_credential_report(context: &mut Context<'_>) -> Result<Xml, ApiError> {
    let now = context.now;
    let report = context.state.world.account(&context.caller.account).report.as_ref();
    let refused = |status, code: &str| Err(ApiError::new(status, code, "Unknown"));
    let Some(report) = report else {
        return refused(410, "ReportNotPresent");
    };
    match report.age(now) {
        Age::InProgress => refused(404, "ReportInProgress"),
        Age::Expired => refused(410, "ReportExpired"),
        Age::Fresh => Ok(Xml::new()
            .text("Content", &STANDARD.encode(&report.content))
            .text("ReportFormat", "text/csv")
            .text("GeneratedTime", &iso(report.generated))),
    }
}

/// Root has no keys here: the pairs of [`crate::Simulator::root`] stand for any administrator.
fn root_row(account: &str, options: &Options) -> String {
    let created = date(SystemTime::UNIX_EPOCH + Duration::from_secs(1_420_070_400), options);
    let password = ["not_supported", "no_information", "not_supported", "not_supported", "false"];
    let mut fields = vec!["<root_account>".to_owned(), format!("arn:aws:iam::{account}:root"), created];
    fields.extend(password.map(str::to_owned));
    fields.extend(no_key());
    fields.extend(no_key());
    fields.extend(no_certificates());
    fields.join(",")
}

fn user_row(user: &mut User, now: SystemTime, options: &Options) -> String {
    let mut fields = vec![user.name.clone(), user.arn.clone(), date(user.created, options)];
    fields.extend(match user.password_changed {
        None => ["false".to_owned(), NONE.to_owned(), NONE.to_owned(), NONE.to_owned()],
        Some(changed) => {
            ["true".to_owned(), "no_information".to_owned(), date(changed, options), NONE.to_owned()]
        }
    });
    fields.push("false".to_owned());
    let mut keys: Vec<&mut AccessKey> = user.keys.iter_mut().collect();
    match options.report_key_order {
        ReportKeyOrder::OldestFirst => keys.sort_by_key(|key| key.created),
        ReportKeyOrder::PlaceKept => keys.sort_by_key(|key| key.slot),
        ReportKeyOrder::ByKeyId => keys.sort_by(|a, b| a.id.cmp(&b.id)),
    }
    let kept = options.report_key_order == ReportKeyOrder::PlaceKept;
    for place in 1..=2 {
        let index = if kept { keys.iter().position(|key| key.slot == place) } else { Some(place - 1) };
        let key = index.and_then(|index| keys.get_mut(index));
        fields.extend(key.map_or_else(no_key, |key| key_fields(key, now, options)));
    }
    fields.extend(no_certificates());
    let quoted = |field: &String| {
        if field.contains([',', '"']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.clone() }
    };
    fields.iter().map(quoted).collect::<Vec<_>>().join(",")
}

fn key_fields(key: &mut AccessKey, now: SystemTime, options: &Options) -> [String; 5] {
    let rotated = if key.active || options.report_dates_inactive_keys {
        date(key.changed.unwrap_or(key.created), options)
    } else {
        NONE.to_owned()
    };
    let active = key.active.to_string();
    match key.uses.visible(now, options.last_used_lag) {
        None => [active, rotated, NONE.to_owned(), NONE.to_owned(), NONE.to_owned()],
        Some(seen) => [active, rotated, date(seen.at, options), seen.region.clone(), seen.service.clone()],
    }
}

fn no_key() -> [String; 5] {
    ["false", NONE, NONE, NONE, NONE].map(str::to_owned)
}

fn no_certificates() -> [String; 4] {
    ["false", NONE, "false", NONE].map(str::to_owned)
}

fn date(at: SystemTime, options: &Options) -> String {
    if options.report_dates_in_z { iso(at) } else { iso_offset(at) }
}
