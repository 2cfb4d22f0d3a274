//! IAM's credential report: what every user of an account has, in two calls.

use jiff::Timestamp;

use super::{LastUse, UserRef};

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedKey {
    /// Which of the user's keys it is in the report: 1 or 2.
    pub nth: usize,
    /// Whether it is active.
    pub active: bool,
    /// When it was created or last changed, whichever is later. So the key is at least that old.
    pub changed: Option<Timestamp>,
    /// When it was last used; `None` where the report does not know.
    pub last_use: Option<LastUse>,
}

/// Why a report cannot be read. It is then never taken as "no users".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the credential report cannot be read: {0}")]
pub struct ReportError(String);

/// The columns that are read, of the 22 there are
/// ([format](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html#id_credentials_understanding_the_report_format)).
const USER: &str = "user";
const ROOT: &str = "<root_account>";
const ARN: &str = "arn";
const KEY_COLUMNS: [[&str; 3]; 2] = [
    ["access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date"],
    ["access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date"],
];
/// Region and service of the last use, which only people read.
const USE_COLUMNS: [[&str; 2]; 2] = [
    ["access_key_1_last_used_region", "access_key_1_last_used_service"],
    ["access_key_2_last_used_region", "access_key_2_last_used_service"],
];

/// A report: the users of the account, without its root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialReport {
    /// The users, those of odd rows too, as far as their rows name them.
    pub users: Vec<ReportedUser>,
    /// Rows that are not as AWS documents them. What they say of keys counts for nothing.
    pub(crate) odd: Vec<OddRow>,
}

/// A row that is not as AWS documents it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OddRow {
    /// Which line of the report it is; the first one has the columns' names.
    pub(crate) line: usize,
    /// The user's name, where the row names one.
    pub(crate) user: Option<String>,
    /// What is odd about it.
    pub(crate) problem: String,
}

impl std::fmt::Display for OddRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whose = match &self.user {
            Some(user) => format!("of user {user:?}, who is looked at one by one"),
            None => "that names no user".to_owned(),
        };
        write!(f, "line {} of the credential report, {whose}: {}", self.line, self.problem)
    }
}

/// Reads a report, line by line: what is odd in one row concerns no other. A text of which no row can be
/// read is no report.
pub fn read_report(csv: &[u8]) -> Result<CredentialReport, ReportError> {
    let text = String::from_utf8_lossy(csv);
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let head = lines.next().and_then(|(_, line)| fields(line).ok()).unwrap_or_default();
    let columns = Columns::of(&head)?;
    let mut report = CredentialReport::default();
    let mut read = 0;
    for (nth, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        match columns.user(line) {
            Ok(user) => {
                read += 1;
                report.users.extend(user);
            }
            Err(problem) => {
                let user = named(line);
                report.odd.push(OddRow {
                    line: nth + 1,
                    user: user.as_ref().map(|user| user.name.to_string()),
                    problem,
                });
                report.users.extend(user.map(|user| ReportedUser { user, keys: Vec::new() }));
            }
        }
    }
    match report.odd.first() {
        Some(odd) if read == 0 => Err(ReportError(odd.to_string())),
        _ => Ok(report),
    }
}

fn fields(line: &str) -> Result<Vec<String>, String> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).buffer_capacity(1 << 10).from_reader(line.as_bytes());
    let record = reader.records().next().ok_or("it is empty")?.map_err(|error| error.to_string())?;
    Ok(record.iter().map(str::to_owned).collect())
}

/// Where what is read stands in a row.
struct Columns {
    count: usize,
    user: Option<usize>,
    arn: usize,
    keys: [[usize; 3]; 2],
    uses: [[Option<usize>; 2]; 2],
}

impl Columns {
    fn of(head: &[String]) -> Result<Self, ReportError> {
        let column = |name: &str| {
            let found = head.iter().position(|column| column == name);
            found.ok_or_else(|| ReportError(format!("it has no column `{name}`")))
        };
        let mut keys = [[0; 3]; 2];
        for (positions, names) in keys.iter_mut().zip(KEY_COLUMNS) {
            for (position, name) in positions.iter_mut().zip(names) {
                *position = column(name)?;
            }
        }
        let uses = USE_COLUMNS.map(|names| names.map(|name| column(name).ok()));
        Ok(Self { count: head.len(), user: column(USER).ok(), arn: column(ARN)?, keys, uses })
    }

    /// A row's user, or none if it is the root's; or what is odd about it.
    fn user(&self, line: &str) -> Result<Option<ReportedUser>, String> {
        let row = fields(line)?;
        if row.len() != self.count {
            return Err(format!("it has {} fields instead of {}", row.len(), self.count));
        }
        let cell = |position: usize| row.get(position).map_or("", String::as_str);
        let is_root = self.user.is_some_and(|user| cell(user) == ROOT) || cell(self.arn).ends_with(":root");
        let user = match UserRef::parse(cell(self.arn), "", "") {
            Ok(user) => user,
            Err(_) if is_root => return Ok(None),
            Err(_) => return Err("its ARN is no user's".into()),
        };
        if self.user.is_some_and(|name| cell(name) != user.name.as_str()) {
            return Err("its name and its ARN are not the same user's".into());
        }
        let mut keys = Vec::new();
        for (nth, ([active, changed, used], places)) in (1..).zip(self.keys.into_iter().zip(self.uses)) {
            let active = match cell(active) {
                "true" => true,
                "false" => false,
                other => return Err(format!("a key is neither active nor inactive but {other:?}")),
            };
            let changed = cell(changed).parse().ok();
            if active || changed.is_some() {
                let [region, service] = places.map(|place| place.map_or("", cell).to_owned());
                let last_use = match cell(used) {
                    "N/A" => Some(LastUse::Never),
                    date => date.parse().ok().map(|time| LastUse::At { time, service, region }),
                };
                keys.push(ReportedKey { nth, active, changed, last_use });
            }
        }
        Ok(Some(ReportedUser { user, keys }))
    }
}

/// The user of an odd row: the name is what stands before the ARN, and the ARN ends with it. So a name
/// is found whose comma was not quoted, and in a row that is cut off.
fn named(line: &str) -> Option<UserRef> {
    let line = line.replace('"', "");
    let (name, rest) = line.split_at_checked(line.find(",arn:")?)?;
    let rest = rest.strip_prefix(',')?;
    let end = rest.find(&format!("/{name}"))? + 1 + name.len();
    let is_whole = rest.get(end..).is_none_or(|after| after.is_empty() || after.starts_with(','));
    let user = UserRef::parse(rest.get(..end)?, "", "").ok()?;
    (is_whole && user.name.as_str() == name).then_some(user)
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
        let users = read_report(csv.as_bytes()).unwrap().users;
        let [ci, bob] = &users[..] else { panic!("{users:?}") };
        assert_eq!((ci.user.name.as_str(), ci.user.account.as_str()), ("ci", "111122223333"));
        assert_eq!(ci.user.arn(), "arn:aws:iam::111122223333:user/team/ci");
        assert_eq!(ci.keys.len(), 2);
        let used = LastUse::At {
            time: "2025-06-02T00:00:00Z".parse().unwrap(),
            service: "s3".into(),
            region: "eu-west-1".into(),
        };
        let [first, second] = &ci.keys[..] else { panic!("{ci:?}") };
        assert_eq!((first.nth, first.active, &first.last_use), (1, true, &Some(used)));
        // `no_information` is not "never".
        assert_eq!((second.nth, second.active, &second.last_use), (2, false, &None));
        assert!(bob.keys.is_empty());
    }

    #[test]
    fn what_is_no_report_is_an_error_and_never_an_account_without_users() {
        for text in ["", "user,arn\nci,arn:aws:iam::111122223333:user/ci", "<html>", "\u{0}\u{1}"] {
            assert!(read_report(text.as_bytes()).is_err(), "{text:?}");
        }
        let cut = format!("{HEAD}\nci,arn:aws:iam::111122223333:user/ci,2024");
        assert!(read_report(cut.as_bytes()).is_err());
    }

    /// One damaged row between two whole ones.
    #[test]
    fn an_odd_row_is_reported_with_its_user_and_no_other_row_is_lost() {
        let keys = ("true,2025-06-01T10:00:00+00:00,N/A,N/A,N/A", "false,N/A,N/A,N/A,N/A");
        let whole = |name: &str| row(name, &format!("arn:aws:iam::111122223333:user/{name}"), keys.0, keys.1);
        let arn = "arn:aws:iam::111122223333:user/x/odd";
        for (odd, user, problem) in [
            (row("a,b", "arn:aws:iam::111122223333:user/a,b", keys.0, keys.1), Some("a,b"), "24 fields"),
            (format!("{},extra", whole("odd")), Some("odd"), "23 fields"),
            (format!("odd,{arn},2024-01-01"), Some("odd"), "3 fields"),
            (row("odd", arn, "N/A,N/A,N/A,N/A,N/A", keys.1), Some("odd"), "neither active nor inactive"),
            (row("odd", arn, "TRUE,N/A,N/A,N/A,N/A", keys.1), Some("odd"), "neither active nor inactive"),
            (row("odd", "arn:aws:iam::111122223333:user/other", keys.0, keys.1), None, "not the same"),
            (row("odd", "arn:aws:iam::1:user/odd", keys.0, keys.1), None, "no user's"),
            (format!("\"{}", whole("odd")), Some("odd"), "fields"),
            ("odd".to_owned(), None, "1 fields"),
            ("\u{1}\u{2}".to_owned(), None, "1 fields"),
        ] {
            let csv = [HEAD, &whole("ann"), &odd, &whole("zoe"), ""].join("\r\n");
            let report = read_report(csv.as_bytes()).unwrap();
            let names: Vec<&str> = report.users.iter().map(|user| user.user.name.as_str()).collect();
            let expected: Vec<&str> = ["ann"].into_iter().chain(user).chain(["zoe"]).collect();
            assert_eq!(names, expected, "{odd}");
            let [row] = &report.odd[..] else { panic!("{:?}", report.odd) };
            assert_eq!((row.line, row.user.as_deref()), (3, user), "{odd}");
            assert!(row.problem.contains(problem), "{odd}: {row}");
        }
    }

    #[test]
    fn a_quoted_comma_in_a_name_is_no_oddity() {
        let keys = ("true,2025-06-01T10:00:00+00:00,N/A,N/A,N/A", "false,N/A,N/A,N/A,N/A");
        let csv =
            format!("{HEAD}\n{}", row("\"a,b\"", "\"arn:aws:iam::111122223333:user/a,b\"", keys.0, keys.1));
        let report = read_report(csv.as_bytes()).unwrap();
        assert_eq!((report.users[0].user.name.as_str(), report.odd.len()), ("a,b", 0));
    }
}
