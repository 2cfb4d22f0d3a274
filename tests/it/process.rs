//! The real binary, over HTTP, as Lambda runs it: one warm process, many rotations.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use simulator::{KeyPair, Options, RuntimeApi, Server, Simulator};

use crate::redaction::{forms, found_in};
use crate::stage::{ACCOUNT, FUNCTION, TAG, USER, days, value_of};

const ROTATIONS: usize = 200;
/// By then every pool is filled and every buffer has its size.
const WARM: usize = 50;
/// What memory may grow by between then and the end, in KiB: less than 7 KiB a rotation, which is
/// far less than one leaked client or connection.
const GROWTH_KIB: u64 = 1_000;

const SWEEP: &str = "arn:aws:lambda:eu-west-1:111122223333:function:sweep";

/// A function's process and what it is connected to.
struct Deployed {
    sim: Simulator,
    arn: String,
    folder: PathBuf,
    _server: Server,
    _runtime: RuntimeApi,
}

impl Deployed {
    async fn new(name: &str) -> Self {
        let sim = Simulator::new(Options { page_size: 100, ..Options::default() });
        let server = sim.serve(0).await.unwrap();
        let topic = sim.create_topic("alerts");
        sim.verify_identity("example.com");
        sim.create_user(ACCOUNT, USER);
        let key = sim.create_access_key(ACCOUNT, USER);
        let arn = sim.create_secret("keys/ci-bot", Some(&value_of(&key)), &[TAG]);
        sim.set_rotation(&arn, FUNCTION);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // What an earlier run wrote.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let runtime = sim.add_runtime_function(FUNCTION).await.unwrap();
        let (url, role, into) =
            (server.url(), sim.role_session(ACCOUNT, "rotation-function"), folder.clone());
        runtime.supervise(move || command(&url, &role, &topic, &into));
        Self { sim, arn, folder, _server: server, _runtime: runtime }
    }

    fn written(&self) -> String {
        let read = |name| std::fs::read_to_string(self.folder.join(name)).unwrap();
        read("stdout") + &read("stderr")
    }

    /// Resident memory in KiB and the number of open sockets.
    fn footprint(&self) -> (u64, usize) {
        let process =
            PathBuf::from("/proc").join(std::fs::read_to_string(self.folder.join("pid")).unwrap().trim());
        let status = std::fs::read_to_string(process.join("status")).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let resident = resident.trim().trim_end_matches(" kB").parse().unwrap();
        let open = std::fs::read_dir(process.join("fd")).unwrap().flatten();
        let sockets = open.filter_map(|fd| std::fs::read_link(fd.path()).ok());
        (resident, sockets.filter(|target| target.to_string_lossy().starts_with("socket:")).count())
    }
}

/// The binary behind a shell that notes its process id.
/// Gives a function's process what Lambda would, and nothing of this process's environment.
pub fn as_in_lambda<'c>(command: &'c mut Command, url: &str, role: &KeyPair) -> &'c mut Command {
    command
        .env_clear()
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", &role.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", &role.secret_access_key)
        .env("AWS_SESSION_TOKEN", role.session_token.as_deref().unwrap_or_default())
        .env("AWS_LAMBDA_FUNCTION_NAME", "function")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
}

fn command(url: &str, role: &KeyPair, topic: &str, folder: &Path) -> Command {
    let file =
        |name: &str| std::fs::OpenOptions::new().create(true).append(true).open(folder.join(name)).unwrap();
    let mut command = Command::new("/bin/sh");
    as_in_lambda(&mut command, url, role)
        .args([
            "-c",
            "echo $$ > \"$0/pid\"; exec \"$1\"",
            &folder.to_string_lossy(),
            env!("CARGO_BIN_EXE_rotation"),
        ])
        .env("AWS_LAMBDA_LOG_LEVEL", "TRACE")
        .env("RUST_LOG", "trace")
        .env("ROTATOR_ALERT_TOPIC_ARN", topic)
        .env("ROTATOR_EMAIL_FROM", "keys@example.com")
        .env("ROTATOR_ADMIN_EMAIL", "admin@example.com")
        .env("ROTATOR_OVERLAP", "0")
        .env("ROTATOR_PROPAGATION_TIMEOUT", "20s")
        .stdout(file("stdout"))
        .stderr(file("stderr"));
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_rotations_in_one_warm_process_leave_memory_and_sockets_as_they_were() {
    let deployed = Deployed::new("warm").await;
    let mut warm = None;
    for nth in 1..=ROTATIONS {
        let report = deployed.sim.rotate(&deployed.arn).await;
        assert!(report.succeeded, "rotation {nth}: {report:?}");
        if nth == WARM {
            warm = Some(deployed.footprint());
        }
        deployed.sim.clear_journal();
        // Secrets Manager keeps a hundred versions, and each for a day.
        deployed.sim.advance(days(2));
    }
    let ((memory, sockets), (memory_after, sockets_after)) = (warm.unwrap(), deployed.footprint());
    println!(
        "{memory} KiB, {sockets} sockets after {WARM} rotations; {memory_after} KiB, {sockets_after} sockets after {ROTATIONS}"
    );
    assert!(memory_after <= memory + GROWTH_KIB, "{memory} KiB grew to {memory_after} KiB");
    assert!(sockets_after <= sockets, "{sockets} sockets became {sockets_after}");
    let leaked = found_in(&deployed.written(), &forms(&deployed.sim.canaries()));
    assert!(leaked.is_empty(), "{leaked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_shows_no_secret_at_trace_level_when_every_step_fails_once() {
    use simulator::{Fault, FaultKind};
    let deployed = Deployed::new("failing").await;
    deployed.sim.update(|options| {
        options.rotation_attempts = 12;
        options.retry_delay = Duration::from_millis(1);
    });
    for operation in
        ["DescribeSecret", "ListAccessKeys", "CreateAccessKey", "PutSecretValue", "UpdateSecretVersionStage"]
    {
        deployed.sim.add_fault(Fault::on(operation, 2, FaultKind::Denied));
        deployed.sim.add_fault(Fault::on(operation, 3, FaultKind::KillAfter));
    }
    for _ in 0..4 {
        deployed.sim.rotate(&deployed.arn).await;
        deployed.sim.advance(days(90));
    }
    assert!(!deployed.sim.alerts().is_empty());
    let text = deployed.written() + &format!("{:?} {:?}", deployed.sim.alerts(), deployed.sim.mails());
    assert!(text.contains("AccessDenied") && text.contains("executing"), "{text}");
    assert!(!text.contains("lambda_runtime::layers::panic"), "each failure is logged once, by us");
    let leaked = found_in(&text, &forms(&deployed.sim.canaries()));
    assert!(leaked.is_empty(), "{leaked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_sweep_lists_the_active_accounts_of_an_organization_that_shows_states_alone() {
    let sim = Simulator::new(Options::default());
    let server = sim.serve(0).await.unwrap();
    let runtime = sim.add_runtime_function(SWEEP).await.unwrap();
    sim.create_organization(ACCOUNT);
    let root = sim.root_id();
    for (account, state) in [("444455556666", "ACTIVE"), ("555566667777", "CLOSED")] {
        sim.add_account(account, "a", "a@example.com", &root);
        sim.set_account_state(account, state);
    }
    let (url, role) = (server.url(), sim.role_session(ACCOUNT, "sweep-function"));
    let topic = sim.create_topic("alerts");
    runtime.supervise(move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sweep"));
        as_in_lambda(&mut command, &url, &role)
            .env("ROTATOR_ALERT_TOPIC_ARN", &topic)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        command
    });
    let event = serde_json::json!({"action": "accounts"});
    let answer = sim.invoke(SWEEP, event.clone()).await.unwrap();
    let listed: Vec<&str> =
        answer["accounts"].as_array().unwrap().iter().filter_map(|a| a["account"].as_str()).collect();
    assert_eq!(listed, [ACCOUNT, "444455556666"]);
    for account in listed {
        sim.set_account_state(account, "SUSPENDED");
    }
    let error = sim.invoke(SWEEP, event).await.unwrap_err();
    assert_eq!(error.error_type, "InvalidConfig", "{}", error.message);
    assert_eq!(sim.alerts().len(), 1);
}
