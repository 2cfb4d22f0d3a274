//! Which account, region and identity the real binary acts under. `--profile` wins over exported
//! credentials, as in the AWS CLI: after `aws-vault exec` a command must not act on another account.

use std::process::Output;

use simulator::KeyPair;

use super::process::{Served, text};
use super::{Seat, town};
use crate::fleet::SWEEP;
use crate::stage::{ACCOUNT, FUNCTION};

/// The account that the profiles lead to. The exported credentials are [`ACCOUNT`]'s.
const PROD: &str = "444455556666";
const ROLE: &str = "arn:aws:iam::444455556666:role/operator";

/// Two accounts, and a configuration file with one profile for each way to get credentials.
struct Desk {
    served: Served,
    config: String,
    exported: KeyPair,
}

impl Desk {
    async fn new(name: &str) -> Self {
        let served = Served::new(name).await;
        let prod = served.sim.root(PROD);
        served.sim.create_role(PROD, "operator", vec![PROD.to_owned()], None);
        let (id, secret) = (&prod.access_key_id, &prod.secret_access_key);
        let script = served.folder.join("credentials.sh");
        let answer = format!(r#"{{"Version":1,"AccessKeyId":"{id}","SecretAccessKey":"{secret}"}}"#);
        std::fs::write(&script, format!("#!/bin/sh\necho '{answer}'\n")).unwrap();
        let profiles = format!(
            "[profile keys]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\nregion = eu-west-1\n\
             [profile process]\ncredential_process = /bin/sh {}\nregion = eu-west-1\n\
             [profile role]\nrole_arn = {ROLE}\nsource_profile = keys\nregion = eu-west-1\n\
             [profile empty]\nregion = eu-west-1\n",
            script.display()
        );
        let config = served.folder.join("config");
        std::fs::write(&config, profiles).unwrap();
        let exported = served.sim.role_session(ACCOUNT, "exported");
        Self { served, config: config.display().to_string(), exported }
    }

    /// Runs a command as after `aws-vault exec`: a session of [`ACCOUNT`] is exported.
    async fn run(&self, args: &[&str], more: &[(&str, &str)]) -> Output {
        let mut variables = vec![
            ("AWS_ACCESS_KEY_ID", self.exported.access_key_id.as_str()),
            ("AWS_SECRET_ACCESS_KEY", &self.exported.secret_access_key),
            ("AWS_SESSION_TOKEN", self.exported.session_token.as_deref().unwrap()),
            ("AWS_CONFIG_FILE", &self.config),
            ("PATH", "/usr/bin:/bin"),
        ];
        variables.extend(more);
        self.served.run(args, &variables).await
    }

    /// The first line of what it printed.
    async fn head(&self, args: &[&str], more: &[(&str, &str)]) -> String {
        let ran = self.run(args, more).await;
        assert_eq!(ran.status.code(), Some(0), "{args:?}: {}", text(&ran.stderr));
        text(&ran.stdout).lines().next().unwrap_or_default().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_profile_option_wins_over_exported_credentials() {
    let desk = Desk::new("cli-profile").await;
    let root = format!("Account {PROD} · Region eu-west-1 · as arn:aws:iam::{PROD}:root");
    for profile in ["keys", "process"] {
        assert_eq!(desk.head(&["--profile", profile, "plan"], &[]).await, root, "{profile}");
    }
    let assumed = desk.head(&["--profile", "role", "plan"], &[]).await;
    let role = format!("Account {PROD} · Region eu-west-1 · as arn:aws:sts::{PROD}:assumed-role/operator/");
    assert!(assumed.starts_with(&role), "{assumed}");
    // The option names the profile, whatever AWS_PROFILE says.
    let other = [("AWS_PROFILE", "empty")];
    assert_eq!(desk.head(&["--profile", "keys", "plan"], &other).await, root);
}

#[tokio::test(flavor = "multi_thread")]
async fn exported_credentials_win_over_a_profile_that_only_the_environment_names() {
    let desk = Desk::new("cli-profile-env").await;
    for more in [&[("AWS_PROFILE", "keys")][..], &[("AWS_REGION", "eu-west-1")]] {
        let head = desk.head(&["plan"], more).await;
        let own = format!("Account {ACCOUNT} · Region eu-west-1 · as arn:aws:sts::{ACCOUNT}:assumed-role/");
        assert!(head.starts_with(&own), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_region_is_the_options_then_the_environments_then_the_profiles() {
    let desk = Desk::new("cli-profile-region").await;
    let exported = [("AWS_REGION", "eu-central-1")];
    for (args, more, region) in [
        (&["--profile", "keys", "plan"][..], &[][..], "eu-west-1"),
        (&["--profile", "keys", "plan"], &exported, "eu-central-1"),
        (&["--profile", "keys", "--region", "us-east-1", "plan"], &exported, "us-east-1"),
    ] {
        let head = desk.head(args, more).await;
        assert!(head.starts_with(&format!("Account {PROD} · Region {region} · as ")), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_without_credentials_is_refused_and_never_replaced_by_others() {
    let desk = Desk::new("cli-profile-none").await;
    for profile in ["empty", "no-such-profile"] {
        let ran = desk.run(&["--profile", profile, "--region", "eu-west-1", "plan"], &[]).await;
        assert_eq!(ran.status.code(), Some(1), "{profile}");
        let told = text(&ran.stderr);
        assert!(told.contains(&format!("profile {profile:?}")), "{told}");
        assert!(ran.stdout.is_empty(), "{}", text(&ran.stdout));
    }
}

#[tokio::test(start_paused = true)]
async fn an_arn_of_another_region_or_account_is_refused_by_name() {
    let town = town();
    let (elsewhere, other) = (SWEEP.replace("eu-west-1", "us-east-1"), SWEEP.replace(ACCOUNT, PROD));
    let young = town.secret("young").arn;
    let (secret_elsewhere, others_secret) =
        (young.replace("eu-west-1", "us-east-1"), young.replace(ACCOUNT, PROD));
    for (line, named) in [
        (format!("--function {elsewhere} plan"), "--region us-east-1"),
        (format!("--function {other} plan"), PROD),
        (format!("rotate {secret_elsewhere} --yes"), "--region us-east-1"),
        (format!("unstick {others_secret} --yes"), PROD),
        (format!("doctor {others_secret}"), PROD),
    ] {
        let ran = Seat::of(&town.sim).run(&line).await;
        ran.ends(2);
        assert!(ran.err.contains(named) && ran.err.contains("Nothing was changed"), "{line}: {}", ran.err);
    }
    let mut seat = Seat::of(&town.sim);
    let function = FUNCTION.replace("eu-west-1", "us-east-1");
    seat.settings = vec![("ROTATOR_ROTATION_FUNCTION_ARN", &function)];
    let ran = seat.run("plan").await;
    ran.ends(2);
    assert!(ran.err.contains("ROTATOR_ROTATION_FUNCTION_ARN"), "{}", ran.err);
    assert!(town.sim.journal().iter().all(|call| call.operation != "RotateSecret"));
}

#[tokio::test(start_paused = true)]
async fn every_command_begins_with_the_account_the_region_and_the_identity() {
    let town = town();
    let head = format!(
        "Account {ACCOUNT} · Region eu-west-1 · as arn:aws:sts::{ACCOUNT}:assumed-role/operator/simulator-session\n"
    );
    for line in ["plan", "sweep", "rotate young", "enroll no-secret", "unstick young"] {
        let ran = Seat::of(&town.sim).run(line).await;
        assert!(ran.out.starts_with(&head), "{line}: {}", ran.out);
    }
    for line in ["plan --json", "status", "status --json", "doctor young"] {
        let ran = Seat::of(&town.sim).run(line).await;
        assert!(ran.err.starts_with(&head) && !ran.out.contains("Account"), "{line}: {}", ran.out);
    }
    town.sim.create_role(PROD, "rotator", vec![ACCOUNT.to_owned()], None);
    let member = Seat::of(&town.sim).set(&[("ROTATOR_MEMBER_ROLE", "rotator")]);
    let ran = member.run(&format!("plan --account {PROD}")).await;
    let begins = format!("Account {PROD} · Region eu-west-1 · as arn:aws:sts::{ACCOUNT}:");
    let head = ran.out.lines().next().unwrap();
    assert!(head.starts_with(&begins), "{head}");
    assert!(head.ends_with(&format!(" · through arn:aws:iam::{PROD}:role/rotator")), "{head}");
}

/// Each way in which a profile or the network can be wrong has a sentence of its own, that names it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_profile_or_the_network_is_said_by_name() {
    let desk = Desk::new("cli-profile-wrong").await;
    let more = "\
        [profile sso]\nsso_session = corp\nsso_account_id = 444455556666\nsso_role_name = Admin\nregion = eu-west-1\n\
        [sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://example.com/start\n\
        [profile a]\nrole_arn = arn:aws:iam::444455556666:role/a\nsource_profile = b\nregion = eu-west-1\n\
        [profile b]\nrole_arn = arn:aws:iam::444455556666:role/b\nsource_profile = a\n\
        [profile lost]\nrole_arn = arn:aws:iam::444455556666:role/a\nsource_profile = nowhere\n\
        [profile mfa]\nrole_arn = arn:aws:iam::444455556666:role/a\nsource_profile = keys\n\
        mfa_serial = arn:aws:iam::444455556666:mfa/me\n\
        [profile login]\nlogin_session = arn:aws:iam::444455556666:user/me\n";
    let file = desk.served.folder.join("wrong");
    std::fs::write(&file, std::fs::read_to_string(&desk.config).unwrap() + more).unwrap();
    let home = desk.served.folder.to_str().unwrap();
    let files = [("AWS_CONFIG_FILE", file.to_str().unwrap()), ("HOME", home)];
    let mut sentences = std::collections::BTreeSet::new();
    for (profile, words) in [
        ("nope", "wrong and ~/.aws/credentials. There is \"a\", \"b\""),
        ("empty", "profile \"empty\" has none"),
        ("sso", "Run `aws sso login --profile sso`"),
        ("a", "leads back to itself (a → b → a)"),
        ("lost", "source_profile \"nowhere\""),
        ("mfa", "wants an MFA code (mfa_serial)"),
        ("login", "is a session of `aws login`"),
    ] {
        let ran = desk.run(&["--profile", profile, "status"], &files).await;
        let told = text(&ran.stderr);
        assert_eq!(ran.status.code(), Some(1), "{profile}: {told}");
        assert!(told.contains(words) && ran.stdout.is_empty(), "{profile}: {told}");
        assert!(sentences.insert(told), "{profile}");
    }
    for (variables, words) in [
        (&[("AWS_ENDPOINT_URL", "http://127.0.0.1:9")][..], "nothing answers at http://127.0.0.1:9"),
        (&[("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")], "AWS does not accept the exported credentials"),
        (&[("AWS_ACCESS_KEY_ID", ""), ("AWS_EC2_METADATA_DISABLED", "true")], "no AWS credentials found"),
    ] {
        let ran = desk.run(&["--region", "eu-west-1", "status"], variables).await;
        let told = text(&ran.stderr);
        assert!(ran.status.code() == Some(1) && told.contains(words), "{variables:?}: {told}");
        assert!(sentences.insert(told), "{variables:?}");
    }
}
