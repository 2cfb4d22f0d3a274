//! The calls that the functions really make, for the proof that their policies are exact:
//! `cdk/test/journal.json`, which `cdk/test/policies` replays against the synthesized policies.
//!
//! What differs from run to run without a policy minding it (the end of an ARN, a version's id, a
//! key's id, a unit's id) is replaced by a name that stays.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;
use simulator::{Call, Fault, FaultKind, Options, Outcome, Simulator};

use crate::fleet::organization::{MEMBER, Organization};
use crate::fleet::{MAILS, SWEEP};
use crate::page::expect_page;
use crate::stage::{ACCOUNT, Stage, TOPIC, USER, days};

const PATH: &str = "cdk/test/journal.json";
const FROM: (&str, &str) = ("ROTATOR_EMAIL_FROM", "keys@example.com");
const ALERTS: (&str, &str) = ("ROTATOR_ALERT_TOPIC_ARN", TOPIC);

/// What a request itself carries and a policy may test. What AWS knows of a resource, the reader adds.
const CARRIED: [&str; 9] = [
    "aws:RequestTag/iam-key-rotator:user",
    "aws:TagKeys",
    "secretsmanager:AddReplicaRegions",
    "secretsmanager:BlockPublicPolicy",
    "secretsmanager:RotationLambdaARN",
    "secretsmanager:VersionId",
    "secretsmanager:VersionStage",
    "ses:FromAddress",
    "sts:ExternalId",
];

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Line {
    role: &'static str,
    action: String,
    resource: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    context: BTreeMap<String, String>,
}

#[tokio::test(start_paused = true)]
async fn the_journal_that_policies_are_proved_with_is_what_the_functions_call() {
    let mut lines = BTreeSet::new();
    for sim in [
        rotations().await,
        rotations_that_fail().await,
        one_account().await,
        one_user_by_lifecycle_events().await,
        listed_secrets().await,
        large_account().await,
        member("member").await,
        member("central").await,
        organization().await,
    ] {
        lines.extend(sim.journal().iter().filter_map(line));
    }
    let roles: BTreeSet<&str> = lines.iter().map(|line| line.role).collect();
    assert_eq!(roles.len(), 4, "{roles:?}");
    let lines: Vec<String> = lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
    expect_page(PATH, &format!("[\n  {}\n]\n", lines.join(",\n  ")));
}

/// A rotation on all of its ways: an unlabelled key, an orphan, a key in the way, retirement now and
/// later, both kinds of mail.
async fn rotations() -> Simulator {
    let stage = Stage::new(Options::default(), &[FROM, ALERTS]);
    let (_, arn) = stage.adopted();
    stage.rotated(&arn).await;
    stage.sim.advance(days(90));
    stage.sim.add_fault(Fault::on("CreateAccessKey", 1, FaultKind::ResponseLost));
    stage.failed(&arn).await;
    stage.rotated(&arn).await;
    stage.sim.advance(days(90));
    stage.sim.create_email_template("rotated", "New key", Some("{{keyId}}"), None);
    stage.deploy(&[FROM, ALERTS, ("ROTATOR_EMAIL_TEMPLATE", "rotated"), ("ROTATOR_OVERLAP", "0")]);
    stage.rotated(&arn).await;
    stage.sim.advance(days(90));
    stage.deploy(&[FROM, ALERTS, ("ROTATOR_OVERLAP", "0"), ("ROTATOR_RECOVERY", "0")]);
    stage.rotated(&arn).await;
    // An inactive key of a stranger's is in the way.
    let strange = stage.sim.create_access_key(ACCOUNT, USER);
    stage.sim.set_key_status(&strange.access_key_id, false);
    stage.sim.advance(days(90));
    stage.rotated(&arn).await;
    stage.tested(&arn).await;
    stage.sim.clone()
}

/// An alert, and a mail that cannot be sent.
async fn rotations_that_fail() -> Simulator {
    let stage = Stage::new(Options::default(), &[FROM, ALERTS]);
    let (_, arn) = stage.adopted();
    let strange = stage.sim.create_access_key(ACCOUNT, USER);
    stage.failed(&arn).await;
    stage.sim.set_key_status(&strange.access_key_id, false);
    stage.sim.add_fault(Fault::on("SendEmail", 0, FaultKind::Error5xx));
    stage.rotated(&arn).await;
    stage.sim.clone()
}

/// Audit, then a year of a user's life, with replicas and a customer key.
async fn one_account() -> Simulator {
    let mut settings = MAILS.to_vec();
    settings.push(("ROTATOR_REPLICA_REGIONS", "eu-central-1"));
    let organization = Organization::new(&[settings.as_slice(), &[("ROTATOR_MODE", "audit")]].concat());
    organization.sim.create_group(ACCOUNT, "IAMKeyRotationExemptionGroup");
    organization.user(ACCOUNT, USER, 84);
    for _ in 0..2 {
        organization.fleet.sweep().await;
        organization.deploy(&settings);
    }
    for day in 0..200 {
        // Somebody keeps using the superseded key for a while.
        if let Some((key, true)) = organization.keys(ACCOUNT, USER).first().filter(|_| day < 20) {
            organization.sim.use_key(key, "s3", "eu-west-1");
        }
        organization.fleet.day().await;
    }
    organization.sim
}

async fn one_user_by_lifecycle_events() -> Simulator {
    let organization = Organization::new(&[("ROTATOR_REPLICA_REGIONS", "eu-central-1")]);
    organization.user(ACCOUNT, USER, 80);
    for action in ["create", "deactivate", "delete"] {
        organization.sim.advance(days(14));
        organization.fleet.send(json!({"action": action, "username": USER})).await.unwrap();
    }
    organization.fleet.send(json!({"ForceRotate": USER})).await.unwrap();
    organization.sim
}

/// Secrets of one's own, named in a list, that nothing rotates yet.
async fn listed_secrets() -> Simulator {
    let organization = Organization::new(&[("ROTATOR_SCOPE", "keys/ci-bot;")]);
    organization.sim.create_user(ACCOUNT, USER);
    let value = json!({"UserName": USER}).to_string();
    organization.sim.create_secret("keys/ci-bot", Some(&value), &[("iam-key-rotator:user", USER)]);
    organization.fleet.sweep().await;
    organization.working_key(ACCOUNT, "keys/ci-bot");
    organization.sim
}

/// A sweep that continues itself.
async fn large_account() -> Simulator {
    let organization = Organization::new(&[("ROTATOR_REPLICA_REGIONS", "eu-central-1")]);
    for nth in 10..30 {
        organization.user(ACCOUNT, &format!("{USER}-{nth}"), 100);
    }
    organization.sim.update(|options| {
        options.function_timeout = std::time::Duration::from_secs(20);
        options.latency = std::time::Duration::from_millis(500);
    });
    organization.fleet.sweep().await;
    organization.sim
}

/// Half a year of a member's user.
async fn member(secrets_in: &str) -> Simulator {
    let settings = [
        ("ROTATOR_SECRETS_IN", secrets_in),
        (
            "ROTATOR_SECRET_NAME",
            if secrets_in == "central" { "iam-key/{account}/{user}" } else { "iam-key/{user}" },
        ),
        ("ROTATOR_REPLICA_REGIONS", "eu-central-1"),
        ("ROTATOR_OVERLAP", "1d"),
    ];
    let organization = Organization::new(&[settings.as_slice(), &MAILS].concat());
    organization.user(MEMBER, USER, 80);
    for _ in 0..130 {
        organization.sim.advance(days(1));
        organization.sim.run_due_rotations().await;
        organization.swept(MEMBER).await;
        organization.fleet.settle().await;
    }
    // Once more with an answer that is lost, and with everything retired at once.
    let home = if secrets_in == "central" { ACCOUNT } else { MEMBER };
    let arn = organization.secrets(home).remove(0);
    organization.deploy(&[settings.as_slice(), &[("ROTATOR_OVERLAP", "0")]].concat());
    organization.sim.advance(days(40));
    organization.sim.add_fault(Fault::on("CreateAccessKey", 1, FaultKind::ResponseLost));
    for succeeds in [false, true, true] {
        assert_eq!(organization.sim.rotate(&arn).await.succeeded, succeeds);
        organization.sim.advance(days(40));
    }
    organization.sim
}

/// What the state machine asks for before and after the sweeps.
async fn organization() -> Simulator {
    let organization = Organization::new(&MAILS);
    let unit = organization.sim.add_organizational_unit(&organization.sim.root_id(), "workloads");
    organization.sim.move_account(MEMBER, &unit);
    let accounts = json!({"action": "accounts", "unit": unit, "marker": null});
    let failed = json!({"account": MEMBER, "error": "AccessDenied", "cause": ""});
    for event in [json!({"action": "accounts"}), accounts, json!({"action": "conclude", "results": [failed]})]
    {
        organization.sim.invoke(SWEEP, event).await.unwrap();
    }
    organization.sim
}

/// A call of one of the functions that a policy was asked about and let pass, or would have.
fn line(call: &Call) -> Option<Line> {
    let of_role = |name: &str| call.caller.contains(&format!(":assumed-role/{name}/"));
    let role = match () {
        () if of_role("rotation-function") => "rotation",
        () if of_role("sweep-function") => "sweep",
        () if of_role("key-rotation") => "member-rotation",
        () if of_role("key-sweep") => "member-sweep",
        () => return None,
    };
    let refused = matches!(&call.outcome, Outcome::Error(code) if code.contains("AccessDenied"));
    if refused || call.outcome == Outcome::NoEffect || call.fault.is_some() {
        return None;
    }
    let carried = call.context.iter().filter(|(key, _)| CARRIED.contains(&key.as_str()));
    let context = carried.map(|(key, value)| (key.clone(), steady(key, value))).collect();
    Some(Line { role, action: call.action.clone(), resource: resource(&call.resource), context })
}

fn steady(key: &str, value: &str) -> String {
    match key {
        "secretsmanager:VersionId" => "11111111-2222-3333-4444-555555555555".into(),
        "secretsmanager:VersionStage" if value.starts_with("AKIA") => "AKIAIOSFODNN7EXAMPLE".into(),
        "aws:RequestTag/iam-key-rotator:user" => one_name(value),
        _ => value.to_owned(),
    }
}

fn resource(arn: &str) -> String {
    let arn = one_name(arn);
    match arn.split(':').collect::<Vec<_>>()[..] {
        ["arn", _, "secretsmanager", .., name] if !name.ends_with("-??????") => {
            format!("{}-AbCdEf", arn.rsplit_once('-').map_or(arn.as_str(), |(stem, _)| stem))
        }
        ["arn", _, "organizations", _, account, unit] if unit.starts_with("ou/") => {
            format!("arn:aws:organizations::{account}:ou/o-abcdefghij/ou-ab12-cdefgh34")
        }
        _ => arn,
    }
}

/// Many users are one to a policy: `ci-bot-17` is `ci-bot`.
fn one_name(text: &str) -> String {
    let Some((before, after)) = text.split_once(USER) else { return text.to_owned() };
    let after = after.strip_prefix('-').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    match after.and_then(|rest| rest.get(2..)).filter(|rest| rest.is_empty() || rest.starts_with('-')) {
        Some(rest) => format!("{before}{USER}{rest}"),
        None => text.to_owned(),
    }
}
