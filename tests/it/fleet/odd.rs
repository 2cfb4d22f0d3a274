//! What people really have: secrets that are to be deleted, names with a comma, damaged rows of the
//! credential report, tags with no address. One finding each, and nobody else is held up.

use serde_json::{Value, json};

use super::{Fleet, MAILS, plan_of};
use crate::cli::Seat;
use crate::stage::{ACCOUNT, FUNCTION, hours};

const ALL: (&str, &str) = ("ROTATOR_SCOPE", "all");

async fn schedule_deletion(fleet: &Fleet, arn: &str) {
    let root = fleet.sim.root(ACCOUNT);
    fleet.sim.call_as(&root, "secretsmanager", "DeleteSecret", json!({"SecretId": arn})).await.unwrap();
}

fn found(answer: &Value) -> String {
    answer["found"].to_string()
}

/// What was found of one user.
fn lines_of(user: &str, answer: &Value) -> Vec<String> {
    let lines = answer["found"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned());
    lines.filter(|line| line.starts_with(&format!("{user}: "))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_to_be_deleted_is_a_finding_and_asks_for_no_rotation() {
    for settings in [&[][..], &[ALL], &[("ROTATOR_SCOPE", "ci;")], &[("ROTATOR_MODE", "audit")]] {
        let fleet = Fleet::new(settings);
        let (key, arn) = fleet.enrolled("ci", 200);
        fleet.sim.set_rotation_days(&arn, 90);
        fleet.enrolled("other", 100);
        schedule_deletion(&fleet, &arn).await;
        let answer = fleet.sweep().await;
        assert_eq!(lines_of("ci", &answer).len(), 1, "{settings:?} {answer}");
        assert_eq!(answer["findings"]["SecretDeleted"], 1, "{settings:?} {answer}");
        assert_eq!(answer["failures"], 0, "{settings:?} {answer}");
        assert!(found(&answer).contains(&arn), "{answer}");
        assert!(!plan_of(&answer).iter().any(|line| line.starts_with("ci:")), "{answer}");
        assert_eq!(fleet.keys("ci"), [(key.access_key_id.clone(), true)]);
    }
}

#[tokio::test(start_paused = true)]
async fn that_a_secret_is_to_be_deleted_is_told_once_and_again_after_thirty_days() {
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("ci", 200);
    schedule_deletion(&fleet, &arn).await;
    for _ in 0..5 {
        fleet.sweep().await;
        fleet.sim.advance(hours(1));
    }
    let alerts = fleet.sim.alerts();
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert!(
        alert.message.contains("SecretDeleted") && alert.message.contains("restore-secret"),
        "{}",
        alert.message
    );
}

#[tokio::test(start_paused = true)]
async fn a_user_with_another_secret_is_that_secrets() {
    let fleet = Fleet::new(&[]);
    let (key, arn) = fleet.enrolled("ci", 100);
    fleet.holding_as("ci-new", "ci", &key);
    schedule_deletion(&fleet, &arn).await;
    let answer = fleet.sweep().await;
    assert_eq!(answer["actions"], json!({"request-rotation": 1}), "{answer}");
    assert!(!found(&answer).contains("Secret"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn plan_and_status_promise_nothing_for_a_secret_that_is_to_be_deleted() {
    let fleet = Fleet::new(&[]);
    let key = fleet.user("ci", 85);
    let arn = fleet.holding_as("iam-key/ci", "ci", &key);
    fleet.sim.set_rotation_days(&arn, 90);
    schedule_deletion(&fleet, &arn).await;
    let plan = Seat::of(&fleet.sim).run("plan --user ci").await;
    assert!(plan.out.contains("SecretDeleted") && !plan.out.contains("rotate the secret"), "{}", plan.out);
    let status = Seat::of(&fleet.sim).run("status --json").await.json();
    assert_eq!(status[0]["rotation"], "to be deleted", "{status}");
    assert!(status[0]["next"].is_null() && status[0]["next_rotation"].is_null(), "{status}");
    let table = Seat::of(&fleet.sim).run("status").await;
    assert!(!table.out.contains("is rotated"), "{}", table.out);
    let rotate = Seat::of(&fleet.sim).run("rotate ci --yes").await;
    rotate.ends(1);
    assert!(rotate.err.contains("Refused: ") && rotate.err.contains("restore-secret"), "{}", rotate.err);
    let enroll = Seat::of(&fleet.sim).run("enroll ci --yes").await;
    enroll.ends(1);
    assert!(enroll.out.contains("restore-secret"), "{}", enroll.out);
}

#[tokio::test(start_paused = true)]
async fn a_user_name_with_a_comma_is_one_finding_and_everybody_else_is_enrolled() {
    let fleet = Fleet::new(&[ALL]);
    let odd = fleet.user("doe,jane", 100);
    fleet.user("ann", 100);
    fleet.user("zoe", 100);
    let answer = fleet.sweep().await;
    assert_eq!(lines_of("doe,jane", &answer).len(), 1, "{answer}");
    assert_eq!(
        (&answer["findings"]["NameUnusable"], &answer["failures"]),
        (&json!(1), &json!(0)),
        "{answer}"
    );
    assert_eq!(answer["actions"]["enroll"], 2);
    assert!(found(&answer).contains("doe,jane"), "{answer}");
    for _ in 0..3 {
        fleet.sim.advance(hours(1));
        fleet.sweep().await;
    }
    let naming =
        fleet.sim.alerts().into_iter().filter(|alert| alert.message.contains("NameUnusable")).count();
    assert_eq!(naming, 1, "told once");
    assert_eq!(fleet.keys("doe,jane"), [(odd.access_key_id, true)]);
}

#[tokio::test(start_paused = true)]
async fn enrolling_everybody_goes_past_a_name_with_a_comma_and_past_a_user_whom_aws_refuses() {
    let fleet = Fleet::new(&[]);
    for user in ["ann", "doe,jane", "zoe"] {
        fleet.user(user, 10);
    }
    let ran = Seat::of(&fleet.sim).run("enroll --all --yes").await;
    ran.ends(0);
    assert!(ran.out.contains("doe,jane") && ran.out.contains("comma"), "{}", ran.out);
    assert_eq!(fleet.secrets().len(), 2);
    Seat::of(&fleet.sim).run("enroll doe,jane --yes").await.ends(1);

    let fleet = Fleet::new(&[]);
    for user in ["ann", "bob", "zoe"] {
        fleet.user(user, 10);
    }
    let refused = simulator::FaultKind::ErrorCode("ValidationError", 400);
    fleet.sim.add_fault(simulator::Fault::on("ListAccessKeys", 0, refused).about("bob"));
    let ran = Seat::of(&fleet.sim).run("enroll --all --yes").await;
    ran.ends(1);
    assert!(ran.out.contains("Refused: "), "{}", ran.out);
    assert_eq!(fleet.secrets().len(), 2, "{}", ran.out);
}

#[tokio::test(start_paused = true)]
async fn a_user_name_with_a_comma_rotates_by_its_secrets_own_value() {
    let fleet = Fleet::new(&[]);
    let key = fleet.user("doe,jane", 100);
    let value = json!({"UserName": "doe,jane", "AccessKeyId": key.access_key_id,
        "SecretAccessKey": key.secret_access_key});
    let arn = fleet.sim.create_secret("iam-key/jane", Some(&value.to_string()), &[]);
    fleet.sim.set_rotation(&arn, FUNCTION);
    let report = fleet.sim.rotate(&arn).await;
    assert!(report.succeeded, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn an_odd_row_of_the_credential_report_is_reported_and_its_user_looked_at_with_all_others() {
    let arn = |name: &str| format!("arn:aws:iam::{ACCOUNT}:user/{name}");
    let keys = "true,2020-01-01T00:00:00+00:00,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A";
    let head = "2020-01-01T00:00:00+00:00,false,N/A,N/A,N/A,false";
    for (name, row) in [
        ("doe,jane", format!("doe,jane,{},{head},{keys}", arn("doe,jane"))),
        ("bob", format!("bob,{},{head},{keys},surplus", arn("bob"))),
        ("bob", format!("bob,{},2020-01-01T00:00:00+00:00", arn("bob"))),
        ("bob", format!("bob,{},{head},{}", arn("bob"), keys.replacen("true", "N/A", 1))),
        ("bob", format!("\"bob,{},{head},{keys}", arn("bob"))),
    ] {
        let fleet = Fleet::new(&[ALL]);
        for user in ["ann", name, "zoe"] {
            fleet.user(user, 100);
        }
        fleet.sim.set_report_row(ACCOUNT, name, &row);
        let answer = fleet.sweep().await;
        assert_eq!(answer["users"]["total"], 3, "{row} {answer}");
        assert_eq!(answer["users"]["visited"], 3, "{row} {answer}");
        assert!(answer["oddRows"].to_string().contains("of the credential report"), "{row} {answer}");
        let enrolled = if name == "bob" { 3 } else { 2 };
        assert_eq!(answer["actions"]["enroll"], enrolled, "{row} {answer}");
        let told = fleet.sim.alerts().pop().unwrap().message;
        assert!(told.contains("of the credential report") && told.contains(name), "{told}");
        // The same is not reported every hour.
        let alerts = fleet.sim.alerts().len();
        fleet.settle().await;
        fleet.sim.advance(hours(1));
        fleet.sweep().await;
        fleet.sim.advance(hours(1));
        fleet.sweep().await;
        assert!(fleet.sim.alerts().len() <= alerts + 1, "{row}: {:?}", fleet.alerts());
        let plan = Seat::of(&fleet.sim).run("plan").await;
        assert!(plan.out.contains("of the credential report"), "{}", plan.out);
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_that_names_no_user_is_reported_and_ends_no_sweep() {
    let fleet = Fleet::new(&[]);
    fleet.enrolled("ci", 100);
    fleet.sim.create_user(ACCOUNT, "bob");
    fleet.sim.set_report_row(ACCOUNT, "bob", "something else");
    let answer = fleet.sweep().await;
    assert_eq!(answer["actions"], json!({"request-rotation": 1}), "{answer}");
    assert!(answer["oddRows"].to_string().contains("names no user"), "{answer}");
    let folder = crate::report::folder("odd-rows");
    for format in ["html", "csv", "json"] {
        let path = folder.join(format!("keys.{format}"));
        let line = format!("report --format {format} --output {}", path.display());
        let ran = Seat::of(&fleet.sim).run(&line).await;
        let report = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", ran.err));
        assert!(report.contains("of the credential report, that names no user"), "{format}: {report}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_active_key_without_a_date_is_looked_at() {
    let row = |name: &str| {
        format!(
            "{name},arn:aws:iam::{ACCOUNT}:user/{name},2020-01-01T00:00:00+00:00,false,N/A,N/A,N/A,false,true,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
        )
    };
    // Without a secret, with one, and exempt.
    let fleet = Fleet::new(&[ALL, ("ROTATOR_EXEMPT_USERS", "exempt")]);
    fleet.user("bare", 100);
    fleet.enrolled("ci", 100);
    fleet.user("exempt", 300);
    for name in ["bare", "ci", "exempt"] {
        fleet.sim.set_report_row(ACCOUNT, name, &row(name));
    }
    let answer = fleet.sweep().await;
    assert_eq!(answer["users"]["visited"], 3, "{answer}");
    assert_eq!(answer["actions"], json!({"enroll": 1, "request-rotation": 2}), "{answer}");
    assert_eq!(answer["findings"]["ExemptButOld"], 1, "{answer}");

    let fleet = Fleet::new(&[]);
    fleet.user("bare", 100);
    fleet.sim.set_report_row(ACCOUNT, "bare", &row("bare"));
    Seat::of(&fleet.sim).run("enroll --all --yes").await.ends(0);
    assert_eq!(fleet.secrets().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unusable_address_is_a_finding_that_names_the_tag_and_the_mail_goes_elsewhere() {
    for (of_secret, of_user, tag) in [
        (Some("ci at example.com"), None, "iam-key-rotator:email"),
        (None, Some("a@example.com:b@example.com"), "email"),
        (Some("@example.com"), None, "iam-key-rotator:email"),
    ] {
        let fleet = Fleet::new(&MAILS);
        let (_, arn) = fleet.enrolled("ci", 100);
        if let Some(value) = of_secret {
            fleet.sim.tag_secret(&arn, "iam-key-rotator:email", value);
        }
        if let Some(value) = of_user {
            fleet.sim.tag_user(ACCOUNT, "ci", "email", value);
        }
        let answer = fleet.sweep().await;
        assert_eq!(answer["findings"]["UnusableAddress"], 1, "{answer}");
        assert!(found(&answer).contains(&format!("`{tag}`")), "{answer}");
        assert!(
            fleet.mails("ci@example.com").iter().any(|subject| subject.contains("New access key")),
            "{:?}",
            fleet.sim.mails()
        );
        let log = fleet.stage.log.text();
        let warned = log
            .lines()
            .any(|line| line.contains("WARN") && line.contains("no mail address") && line.contains(tag));
        assert!(warned, "{log}");
    }
}

#[tokio::test(start_paused = true)]
async fn spaces_around_an_address_and_an_internationalized_domain_are_no_fault() {
    for (value, address) in [
        ("ci@example.com ", "ci@example.com"),
        ("  ci@example.com", "ci@example.com"),
        ("ci@b\u{fc}cher.example", "ci@xn--bcher-kva.example"),
    ] {
        let fleet = Fleet::new(&MAILS);
        let (_, arn) = fleet.enrolled("ci", 100);
        fleet.sim.tag_secret(&arn, "iam-key-rotator:email", value);
        let answer = fleet.sweep().await;
        assert!(answer["findings"].get("UnusableAddress").is_none(), "{value:?} {answer}");
        assert_eq!(fleet.mails(address).len(), 1, "{value:?} {:?}", fleet.sim.mails());
    }
}

#[tokio::test(start_paused = true)]
async fn a_spreadsheet_calculates_nothing_in_the_csv_of_status() {
    let fleet = Fleet::new(&[]);
    for name in ["=cmd", "+49", "-x", "@SUM"] {
        fleet.user(name, 10);
    }
    let ran = Seat::of(&fleet.sim).run("status --csv").await;
    ran.ends(0);
    for name in ["=cmd", "+49", "-x", "@SUM"] {
        assert!(ran.out.contains(&format!(",'{name},")), "{}", ran.out);
    }
    let cells = ran.out.lines().skip(1).flat_map(|line| line.split(','));
    assert!(!cells.into_iter().any(|cell| cell.starts_with(['=', '+', '-', '@'])), "{}", ran.out);
}
