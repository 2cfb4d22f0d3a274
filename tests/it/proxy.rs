//! Proxies, as the AWS CLI honours them: a real one on loopback, and the real binaries.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use simulator::{Options, Server, Simulator};

use crate::fleet::SWEEP;
use crate::process::as_in_lambda;
use crate::stage::{ACCOUNT, FUNCTION, TAG, USER, value_of};

const PASSWORD: &str = "hunter2";

/// A proxy that forwards HTTP, opens tunnels to loopback alone, and notes the head of each connection's
/// first request.
struct Proxy {
    address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let noted = heads.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let noted = noted.clone();
                thread::spawn(move || serve(stream, &noted));
            }
        });
        Self { address, heads }
    }

    /// The first lines of what came.
    fn seen(&self) -> Vec<String> {
        let heads = self.heads.lock().unwrap();
        heads.iter().filter_map(|head| Some(head.lines().next()?.to_owned())).collect()
    }
}

fn serve(mut client: TcpStream, noted: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    noted.lock().unwrap().push(text.clone());
    let target = text.split(' ').nth(1).unwrap_or_default();
    if text.starts_with("CONNECT") && !target.starts_with("127.0.0.1:") {
        return client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    }
    let host = target.trim_start_matches("http://").split('/').next().unwrap_or_default();
    let mut server = TcpStream::connect(host)?;
    server.write_all(&head)?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || io::copy(&mut from, &mut to));
    io::copy(&mut server, &mut client).map(drop)
}

struct Served {
    sim: Simulator,
    server: Server,
    proxy: Proxy,
    arn: String,
}

impl Served {
    async fn new() -> Self {
        let sim = Simulator::new(Options { page_size: 100, ..Options::default() });
        let server = sim.serve(0).await.unwrap();
        sim.create_user(ACCOUNT, USER);
        let key = sim.create_access_key(ACCOUNT, USER);
        let arn = sim.create_secret("keys/ci-bot", Some(&value_of(&key)), &[TAG]);
        Self { sim, server, proxy: Proxy::start(), arn }
    }

    fn command(&self, program: &str) -> Command {
        let root = self.sim.root(ACCOUNT);
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", root.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", root.secret_access_key);
        command
    }

    /// `status` against the simulator, or against AWS itself, which the proxy does not let through.
    async fn status(&self, is_aws: bool, variables: &[(&str, String)]) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_iam-key-rotator"));
        command.args(["status", "--json"]);
        if !is_aws {
            command.env("AWS_ENDPOINT_URL", self.server.url());
        }
        command.envs(variables.iter().map(|(name, value)| (*name, value.as_str())));
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_goes_through_the_proxy_in_either_case_and_past_it_for_no_proxy() {
    for (name, no_proxy, through) in [
        ("HTTP_PROXY", "", true),
        ("http_proxy", "example.com", true),
        ("HTTP_PROXY", "127.0.0.1", false),
        ("HTTP_PROXY", "localhost, 127.0.0.0/8", false),
        ("http_proxy", "*", false),
        ("HTTPS_PROXY", "", false),
    ] {
        let served = Served::new().await;
        let proxy = format!("http://ops:{PASSWORD}@{}", served.proxy.address);
        let ran = served.status(false, &[(name, proxy), ("NO_PROXY", no_proxy.into())]).await;
        assert_eq!(ran.status.code(), Some(0), "{}", told(&ran));
        let seen = served.proxy.seen();
        assert_eq!(!seen.is_empty(), through, "{name} {no_proxy:?}: {seen:?}");
        let to = format!("POST {}", served.server.url());
        assert!(seen.iter().all(|line| line.starts_with(&to)), "{seen:?}");
        let heads = served.proxy.heads.lock().unwrap().join("\n").to_lowercase();
        assert_eq!(heads.contains("proxy-authorization: basic"), through, "{heads}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_to_aws_ask_the_proxy_for_a_tunnel_and_its_refusal_is_called_the_proxys() {
    let served = Served::new().await;
    for name in ["HTTPS_PROXY", "https_proxy"] {
        // Without a scheme, as many have it.
        let proxy = format!("ops:{PASSWORD}@{}", served.proxy.address);
        let ran = served.status(true, &[(name, proxy)]).await;
        assert_eq!(ran.status.code(), Some(1), "{}", told(&ran));
        let seen = served.proxy.seen();
        assert!(
            seen.iter().all(|line| line.starts_with("CONNECT sts.eu-west-1.amazonaws.com:443 "))
                && !seen.is_empty(),
            "{seen:?}"
        );
        assert!(told(&ran).contains(&format!("the proxy of {name}")), "{}", told(&ran));
        assert!(!told(&ran).contains(PASSWORD), "{}", told(&ran));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_proxy_stops_the_call_and_nothing_goes_out_without_one() {
    let served = Served::new().await;
    served.sim.clear_journal();
    for url in [format!("socks5://ops:{PASSWORD}@127.0.0.1:1"), "http://".into(), "::".into()] {
        let ran = served.status(false, &[("HTTP_PROXY", url.clone())]).await;
        assert_eq!(ran.status.code(), Some(1), "{url}: {}", told(&ran));
        assert!(told(&ran).contains("Refused: ") && told(&ran).contains("HTTP_PROXY"), "{}", told(&ran));
        assert!(!told(&ran).contains(PASSWORD), "{}", told(&ran));
    }
    assert!(served.sim.journal().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_not_there_is_named() {
    let served = Served::new().await;
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = served.status(false, &[("HTTP_PROXY", format!("http://{nowhere}"))]).await;
    assert_eq!(ran.status.code(), Some(1));
    assert!(told(&ran).contains("the proxy of HTTP_PROXY could not be reached"), "{}", told(&ran));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_functions_go_through_the_proxy_and_to_their_runtime_past_it() {
    let served = Served::new().await;
    served.sim.set_rotation(&served.arn, FUNCTION);
    for (function, program) in
        [(FUNCTION, env!("CARGO_BIN_EXE_rotation")), (SWEEP, env!("CARGO_BIN_EXE_sweep"))]
    {
        served.proxy.heads.lock().unwrap().clear();
        let runtime = served.sim.add_runtime_function(function).await.unwrap();
        let role = served.sim.role_session(ACCOUNT, "function");
        let (url, proxy) = (served.server.url(), format!("http://{}", served.proxy.address));
        runtime.supervise(move || {
            let mut command = Command::new(program);
            as_in_lambda(&mut command, &url, &role)
                .env("ROTATOR_MODE", "audit")
                .env("HTTP_PROXY", &proxy)
                .env("HTTPS_PROXY", &proxy)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            command
        });
        if function == FUNCTION {
            let report = served.sim.rotate(&served.arn).await;
            assert!(report.succeeded, "{report:?}");
        } else {
            served.sim.invoke(function, serde_json::json!({"dryrun": true})).await.unwrap();
        }
        let seen = served.proxy.seen();
        let to = format!("POST {}", served.server.url());
        assert!(!seen.is_empty() && seen.iter().all(|line| line.starts_with(&to)), "{seen:?}");
    }
}
