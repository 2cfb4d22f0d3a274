//! Keeps a function's process alive, as Lambda does: killed when an invocation times out or a fault
//! kills it, and started anew.

use std::process::Command;
use std::sync::PoisonError;
use std::time::Duration;

use crate::rotation::runtime_api::RuntimeApi;

/// Pause after a process that exited by itself, so that a broken one does not spin.
const RESTART_PAUSE: Duration = Duration::from_millis(100);

impl RuntimeApi {
    /// Runs `command` with `AWS_LAMBDA_RUNTIME_API` set, for as long as this Runtime API lives. A
    /// process that is killed (fault, timeout) or exits is replaced by a new one.
    pub fn supervise(&self, command: impl Fn() -> Command + Send + 'static) {
        let queue = self.queue.clone();
        let addr = self.addr.to_string();
        queue.ended.send_replace(Some(0));
        let task = tokio::spawn(async move {
            loop {
                let mut command = tokio::process::Command::from(command());
                command.env("AWS_LAMBDA_RUNTIME_API", &addr).kill_on_drop(true);
                let Ok(mut child) = command.spawn() else {
                    queue.process_exited();
                    tokio::time::sleep(RESTART_PAUSE).await;
                    continue;
                };
                tokio::select! {
                    _ = child.wait() => {
                        queue.process_exited();
                        tokio::time::sleep(RESTART_PAUSE).await;
                    }
                    () = queue.restart.notified() => {
                        // An error means that it is dead already.
                        let _ = child.kill().await;
                    }
                }
                queue.ended.send_modify(|ended| *ended = ended.map(|ended| ended + 1));
            }
        });
        self.supervisors.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }
}
