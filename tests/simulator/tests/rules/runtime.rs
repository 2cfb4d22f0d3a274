//! The Lambda Runtime API.

use std::process::Command;
use std::time::Duration;

use serde_json::json;
use simulator::{FunctionErrorKind, Options};

use crate::{FUNCTION, with_options};

/// A bootstrap in Python: answers, fails, hangs or exits as the event says.
const BOOTSTRAP: &str = r#"
import http.client, json, os, sys, time
host = os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    c = http.client.HTTPConnection(host)
    c.request("GET", "/2018-06-01/runtime/invocation/next")
    r = c.getresponse()
    event = json.loads(r.read())
    base = "/2018-06-01/runtime/invocation/" + r.getheader("Lambda-Runtime-Aws-Request-Id")
    assert int(r.getheader("Lambda-Runtime-Deadline-Ms")) > time.time() * 1000
    do = event["do"]
    if do == "hang": time.sleep(600)
    if do == "exit": sys.exit(1)
    c = http.client.HTTPConnection(host)
    if do == "fail":
        c.request("POST", base + "/error", json.dumps({"errorType": "Sad", "errorMessage": "no"}))
    else:
        c.request("POST", base + "/response", json.dumps({"pid": os.getpid()}))
    assert c.getresponse().status == 202
"#;

#[tokio::test]
async fn a_real_process_answers_fails_exits_and_is_replaced_after_a_timeout() {
    let (aws, _) = with_options(Options { function_timeout: Duration::from_secs(20), ..Options::default() });
    let runtime = aws.add_runtime_function(FUNCTION).await.unwrap();
    runtime.supervise(|| {
        let mut python = Command::new("python3");
        python.args(["-c", BOOTSTRAP]);
        python
    });
    let first = aws.invoke(FUNCTION, json!({"do": "answer"})).await.unwrap();
    assert_eq!(aws.invoke(FUNCTION, json!({"do": "answer"})).await.unwrap(), first);
    let error = aws.invoke(FUNCTION, json!({"do": "fail"})).await.unwrap_err();
    assert_eq!((error.error_type.as_str(), error.kind), ("Sad", FunctionErrorKind::Answered));
    let error = aws.invoke(FUNCTION, json!({"do": "exit"})).await.unwrap_err();
    assert_eq!(error.kind, FunctionErrorKind::Killed);
    aws.update(|options| options.function_timeout = Duration::from_millis(300));
    let error = aws.invoke(FUNCTION, json!({"do": "hang"})).await.unwrap_err();
    assert_eq!(error.kind, FunctionErrorKind::TimedOut);
    aws.update(|options| options.function_timeout = Duration::from_secs(20));
    let later = aws.invoke(FUNCTION, json!({"do": "answer"})).await.unwrap();
    assert_ne!(later, first, "another process");
}

/// Two threads that ask for work, so that one still asks when the process is killed.
const TWO_THREADS: &str = r#"
import http.client, json, os, threading, time
host = os.environ["AWS_LAMBDA_RUNTIME_API"]
def work():
    while True:
        c = http.client.HTTPConnection(host)
        c.request("GET", "/2018-06-01/runtime/invocation/next")
        r = c.getresponse()
        event = json.loads(r.read())
        base = "/2018-06-01/runtime/invocation/" + r.getheader("Lambda-Runtime-Aws-Request-Id")
        if event["do"] == "hang": time.sleep(600)
        c = http.client.HTTPConnection(host)
        c.request("POST", base + "/response", json.dumps({"pid": os.getpid()}))
        c.getresponse().read()
threading.Thread(target=work).start()
work()
"#;

#[tokio::test]
async fn no_invocation_is_given_to_a_process_that_has_ended() {
    let (aws, _) = with_options(Options { function_timeout: Duration::from_secs(20), ..Options::default() });
    let runtime = aws.add_runtime_function(FUNCTION).await.unwrap();
    runtime.supervise(|| {
        let mut python = Command::new("python3");
        python.args(["-c", TWO_THREADS]);
        python
    });
    for _ in 0..10 {
        aws.invoke(FUNCTION, json!({"do": "answer"})).await.unwrap();
        aws.update(|options| options.function_timeout = Duration::from_millis(300));
        let error = aws.invoke(FUNCTION, json!({"do": "hang"})).await.unwrap_err();
        assert_eq!(error.kind, FunctionErrorKind::TimedOut);
        aws.update(|options| options.function_timeout = Duration::from_secs(20));
    }
}
