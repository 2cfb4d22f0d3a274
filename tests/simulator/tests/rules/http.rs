//! The HTTP door.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world;

async fn exchange(addr: std::net::SocketAddr, request: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn the_control_surface_moves_the_clock_and_shows_the_journal() {
    let (aws, _) = world();
    let server = aws.serve(0).await.unwrap();
    let before = aws.now();
    let advance = r#"{"advance_seconds": 86400}"#;
    let request = format!(
        "POST /_simulator/clock HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{advance}",
        advance.len()
    );
    let answer = exchange(server.addr, &request).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(aws.now().duration_since(before).unwrap().as_secs() >= 86_400);
    let request = "GET /_simulator/journal HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(body(&exchange(server.addr, request).await), serde_json::json!([]));
}

#[tokio::test]
async fn the_journal_over_http_tells_action_resource_and_condition_keys() {
    let (aws, root) = world();
    let server = aws.serve(0).await.unwrap();
    let params = serde_json::json!({"UserName": "alice"});
    aws.call_as(&root, "iam", "CreateUser", params).await.unwrap();
    let request = "GET /_simulator/journal HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let call = body(&exchange(server.addr, request).await)[0].clone();
    assert_eq!(call["action"], "iam:CreateUser");
    assert_eq!(call["resource"], "arn:aws:iam::111122223333:user/alice");
    assert_eq!(call["context"]["aws:PrincipalAccount"], "111122223333");
}

#[tokio::test]
async fn an_unsigned_request_is_refused_and_the_answer_carries_the_simulated_date() {
    let (aws, _) = world();
    let server = aws.serve(0).await.unwrap();
    let request = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answer = exchange(server.addr, request).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains("MissingAuthenticationToken"));
    assert_eq!(answer.matches("\r\ndate: ").count(), 1);
}

#[tokio::test]
async fn a_server_listens_on_loopback_only_and_stops_when_dropped() {
    let (aws, _) = world();
    let server = aws.serve(0).await.unwrap();
    let addr = server.addr;
    assert!(addr.ip().is_loopback());
    drop(server);
    tokio::task::yield_now().await;
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}
