//! The door for other processes: HTTP on loopback, one port for every service.

pub(crate) mod control;
pub(crate) mod listener;

use std::net::SocketAddr;

use http::StatusCode;

use crate::Simulator;
use crate::front::door::{Delivery, Transport};
use crate::front::protocol::Request;
use listener::{Answer, Listener, Received};

/// A running HTTP server on 127.0.0.1. Stops when dropped.
pub struct Server {
    /// Where it listens.
    pub addr: SocketAddr,
    _listener: Listener,
}

impl Server {
    /// For `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Simulator {
    /// Serves every service, and the control surface, on 127.0.0.1 (port 0: any free one).
    ///
    /// Unless [`Options::start`](crate::Options::start) says otherwise, this first moves the
    /// simulated clock forward to the host's: other processes live in that time. So serve first,
    /// arrange afterwards.
    ///
    /// # Errors
    /// When the port cannot be bound.
    pub async fn serve(&self, port: u16) -> std::io::Result<Server> {
        self.with(|state| {
            if state.options.start.is_none()
                && let Ok(behind) = crate::clock::host_now().duration_since(state.clock.now())
            {
                state.clock.advance(behind);
            }
        });
        let simulator = self.clone();
        let listener = Listener::start(port, move |received| {
            let simulator = simulator.clone();
            Box::pin(async move { answer(&simulator, received).await })
        })
        .await?;
        Ok(Server { addr: listener.addr, _listener: listener })
    }
}

async fn answer(simulator: &Simulator, received: Received) -> Option<Answer> {
    if received.path.starts_with("/_simulator/") {
        return Some(control::answer(simulator, &received).await);
    }
    let request = Request {
        method: received.method,
        path: received.path,
        query: received.query,
        authority: String::new(),
        headers: received.headers,
        body: received.body,
    };
    match simulator.deliver(request, Transport::Http).await {
        Delivery::Answer(response) => Some(Answer {
            status: StatusCode::from_u16(response.status).ok()?,
            headers: response.headers,
            body: response.body.into(),
        }),
        Delivery::Lost => None,
        Delivery::Never => std::future::pending().await,
    }
}
