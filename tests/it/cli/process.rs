//! The real binary, over HTTP: credentials, profiles, regions and endpoints as every AWS tool, exit
//! codes, and no colour where nobody looks.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use simulator::{Options, Server, Simulator};

use crate::stage::{ACCOUNT, TAG, USER, value_of};

pub struct Served {
    pub sim: Simulator,
    server: Server,
    pub folder: PathBuf,
}

impl Served {
    pub async fn new(name: &str) -> Self {
        let sim = Simulator::new(Options { page_size: 100, ..Options::default() });
        let server = sim.serve(0).await.unwrap();
        sim.create_user(ACCOUNT, USER);
        let key = sim.create_access_key(ACCOUNT, USER);
        sim.create_secret("keys/ci-bot", Some(&value_of(&key)), &[TAG]);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self { sim, server, folder }
    }

    /// Runs it with nothing of this process's environment.
    pub async fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_iam-key-rotator"));
        command.args(args).env_clear().env("AWS_ENDPOINT_URL", self.server.url());
        command.env("HOME", &self.folder).env("AWS_EC2_METADATA_DISABLED", "true");
        command.envs(variables.iter().copied());
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_finds_credentials_regions_and_endpoints_as_every_aws_tool() {
    let served = Served::new("cli-process").await;
    let root = served.sim.root(ACCOUNT);
    let (id, secret) = (root.access_key_id.as_str(), root.secret_access_key.as_str());
    let environment =
        [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret), ("AWS_REGION", "eu-west-1")];
    let ran = served.run(&["status", "--json"], &environment).await;
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    let keys: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(keys[0]["user"], USER);

    // A profile whose credentials a process gives, and a region by option.
    let process = format!(
        "#!/bin/sh\necho '{{\"Version\":1,\"AccessKeyId\":\"{id}\",\"SecretAccessKey\":\"{secret}\"}}'\n"
    );
    let script = served.folder.join("credentials.sh");
    std::fs::write(&script, process).unwrap();
    let config = served.folder.join("config");
    std::fs::write(&config, format!("[profile ops]\ncredential_process = /bin/sh {}\n", script.display()))
        .unwrap();
    let profile = [("AWS_CONFIG_FILE", config.to_str().unwrap()), ("PATH", "/usr/bin:/bin")];
    let ran = served.run(&["--profile", "ops", "--region", "eu-west-1", "status"], &profile).await;
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    assert!(text(&ran.stdout).contains("keys/ci-bot"));
    assert!(
        !ran.stdout.contains(&0x1b) && !ran.stderr.contains(&0x1b),
        "nobody looks: no colour, no progress"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn its_exit_codes_are_nought_to_three() {
    let served = Served::new("cli-codes").await;
    let root = served.sim.root(ACCOUNT);
    let environment = [
        ("AWS_ACCESS_KEY_ID", root.access_key_id.as_str()),
        ("AWS_SECRET_ACCESS_KEY", root.secret_access_key.as_str()),
        ("AWS_REGION", "eu-west-1"),
    ];
    for (args, code) in [
        (&["plan"][..], 0),
        (&["--version"], 0),
        (&["rotate", "nobody", "--yes"], 1),
        (&["unstick"], 2),
        (&["doctor", "ci-bot"], 3),
    ] {
        let ran = served.run(args, &environment).await;
        assert_eq!(ran.status.code(), Some(code), "{args:?}\n{}\n{}", text(&ran.stdout), text(&ran.stderr));
    }
    let nowhere = served.run(&["status"], &environment[..2]).await;
    assert_eq!(nowhere.status.code(), Some(2), "{}", text(&nowhere.stderr));
    let nobody = served.run(&["status"], &[("AWS_REGION", "eu-west-1")]).await;
    assert_eq!(nobody.status.code(), Some(1));
    assert!(text(&nobody.stderr).contains("credentials"), "{}", text(&nobody.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_at_a_question_ends_it_with_nothing_changed() {
    use std::io::Read as _;
    let served = Served::new("cli-interrupted").await;
    let arn = served.sim.secret_arns(ACCOUNT, "eu-west-1").pop().unwrap();
    served.sim.set_rotation(&arn, crate::stage::FUNCTION);
    let root = served.sim.root(ACCOUNT);
    let mut command = Command::new(env!("CARGO_BIN_EXE_iam-key-rotator"));
    command
        .args(["rotate", "ci-bot"])
        .env_clear()
        .env("AWS_ENDPOINT_URL", served.server.url())
        .env("AWS_ACCESS_KEY_ID", &root.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", &root.secret_access_key)
        .env("AWS_REGION", "eu-west-1")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped());
    let status = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        let mut asked = child.stderr.take().unwrap();
        // `wait` would close it, and an end of the input is an answer too.
        let _input = child.stdin.take();
        let (mut told, mut byte) = (String::new(), [0]);
        while !told.contains("Type yes") && asked.read(&mut byte).unwrap() == 1 {
            told.push(char::from(byte[0]));
        }
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        child.wait().unwrap()
    });
    assert_eq!(status.await.unwrap().code(), Some(130));
    assert!(served.sim.journal().iter().all(|call| call.operation != "RotateSecret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_and_without_yes_a_sweep_changes_nothing() {
    let served = Served::new("cli-unattended").await;
    let arn = served.sim.secret_arns(ACCOUNT, "eu-west-1").pop().unwrap();
    served.sim.set_rotation(&arn, crate::stage::FUNCTION);
    served.sim.advance(crate::stage::days(100));
    let root = served.sim.root(ACCOUNT);
    let environment = [
        ("AWS_ACCESS_KEY_ID", root.access_key_id.as_str()),
        ("AWS_SECRET_ACCESS_KEY", root.secret_access_key.as_str()),
        ("AWS_REGION", "eu-west-1"),
        ("ROTATOR_MODE", "enforce"),
        ("ROTATOR_ROTATION_FUNCTION_ARN", crate::stage::FUNCTION),
    ];
    for args in [&["sweep", "--apply"][..], &["sweep", "--apply", "--user", USER]] {
        let ran = served.run(args, &environment).await;
        assert_eq!(ran.status.code(), Some(1), "{}\n{}", text(&ran.stdout), text(&ran.stderr));
        assert!(text(&ran.stdout).contains("rotate the secret"), "{}", text(&ran.stdout));
        let told = text(&ran.stderr);
        assert!(told.contains("stdin is not a terminal") && told.contains("--yes"), "{told}");
    }
    assert!(served.sim.journal().iter().all(|call| call.operation != "RotateSecret"));
    let ran = served.run(&["sweep", "--apply", "--yes"], &environment).await;
    assert!(
        served.sim.journal().iter().any(|call| call.operation == "RotateSecret"),
        "{}",
        text(&ran.stderr)
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn variables_that_cannot_be_sent_are_an_error_and_end_no_process_in_a_panic() {
    let served = Served::new("cli-control-characters").await;
    let root = served.sim.root(ACCOUNT);
    let (id, secret) = (root.access_key_id.as_str(), root.secret_access_key.as_str());
    let good = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret), ("AWS_REGION", "eu-west-1")];
    let with_line_end = format!("{id}\r");
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", with_line_end.as_str()),
        ("AWS_ACCESS_KEY_ID", "AKIA\u{e9}"),
        ("AWS_SESSION_TOKEN", "to\nken"),
        ("AWS_REGION", "eu-west-1\r"),
        ("AWS_REGION", "eu west 1"),
        ("AWS_REGION", ""),
        ("AWS_ENDPOINT_URL", "http://a b"),
        ("AWS_ENDPOINT_URL", ""),
        ("AWS_MAX_ATTEMPTS", "0"),
        ("AWS_RETRY_MODE", "bogus"),
    ] {
        let variables = [&good[..], &[(name, value)]].concat();
        let ran = served.run(&["status"], &variables).await;
        let said = text(&ran.stderr);
        let code = ran.status.code();
        // The SDK's own settings of retries are not read.
        let is_ignored = ["AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"].contains(&name);
        assert_eq!(code == Some(0), is_ignored, "{name} {value:?} {code:?}: {said}");
        assert!(matches!(code, Some(0..=2)), "{name} {value:?} {code:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("defect"), "{name}: {said}");
        assert!(!said.contains(secret) && !said.contains("to\nken"), "{name}: {said}");
    }
}

/// The program behind a profile is named with its own words, whatever goes wrong with it, and what it
/// writes that could be a secret is not shown.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_credential_process_is_reported_with_its_own_words_and_no_secret() {
    let served = Served::new("cli-broken-process").await;
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    for (name, script, words) in [
        (
            "fails",
            format!("echo 'vault is sealed, password=hunter2 {secret}' >&2; exit 3"),
            "vault is sealed",
        ),
        ("no-json", format!("echo '{secret}'"), "could not parse response"),
        ("other-json", format!(r#"echo '{{"Version":1,"Secret":"{secret}"}}'"#), "AccessKeyId"),
        ("old", r#"echo '{"Version":9}'"#.to_owned(), "version"),
        ("silent", "true".to_owned(), "could not parse response"),
    ] {
        let file = served.folder.join(format!("{name}.sh"));
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        let config = served.folder.join(format!("{name}.config"));
        std::fs::write(
            &config,
            format!("[profile ops]\nregion = eu-west-1\ncredential_process = /bin/sh {}\n", file.display()),
        )
        .unwrap();
        let variables = [("AWS_CONFIG_FILE", config.to_str().unwrap()), ("PATH", "/usr/bin:/bin")];
        for args in [&["--profile", "ops", "status"][..], &["status"]] {
            let by_variable = [variables[0], variables[1], ("AWS_PROFILE", "ops")];
            let ran = served.run(args, &by_variable).await;
            let said = text(&ran.stderr);
            assert_eq!(ran.status.code(), Some(1), "{said}");
            assert!(said.contains("could not be obtained") && said.contains(words), "{name}: {said}");
            assert!(said.contains("credential_process") && !said.contains("connection failed"), "{said}");
            assert!(!said.contains("hunter2") && !said.contains("wJalr"), "{said}");
        }
    }
    let config = served.folder.join("missing.config");
    std::fs::write(&config, "[profile ops]\nregion = eu-west-1\ncredential_process = /no/such/program\n")
        .unwrap();
    let ran = served
        .run(
            &["--profile", "ops", "status"],
            &[("AWS_CONFIG_FILE", config.to_str().unwrap()), ("PATH", "/usr/bin:/bin")],
        )
        .await;
    assert!(text(&ran.stderr).contains("/no/such/program"), "{}", text(&ran.stderr));
}
