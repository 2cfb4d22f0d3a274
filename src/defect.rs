//! A panic becomes an error like any other: logged once, counted, alerted, and answered.
//!
//! A panic's message may quote what the code held at that moment, which may be a secret. So only the place is
//! kept, and nothing is printed.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, PanicHookInfo};

use futures_util::FutureExt as _;
use lambda_runtime::{LambdaEvent, service_fn};

use crate::error::{Error, Result};

thread_local! {
    /// Where the latest panic of this thread began.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
    /// How many futures are guarded at the moment.
    static GUARDED: Cell<usize> = const { Cell::new(0) };
}

/// Awaits a future; a panic in it is [`Error::Internal`].
///
/// A crash here is like any other: what was done stays done, and the retry reads the current state.
pub(crate) async fn guarded<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    // What a panic leaves half done inside the future is dropped with it; clients and settings are not
    // changed by an invocation.
    GUARDED.set(GUARDED.get() + 1);
    let caught = AssertUnwindSafe(future).catch_unwind().await;
    GUARDED.set(GUARDED.get().saturating_sub(1));
    caught.unwrap_or_else(|_| {
        let place = PLACE.take().unwrap_or_else(|| "an unknown place".into());
        Err(Error::Internal { place })
    })
}

/// Has panics of this process remember their place instead of printing their message. One that nobody
/// catches, such as at start, is logged.
pub(crate) fn keep_silent() {
    std::panic::set_hook(Box::new(|panic| {
        remember(panic);
        if GUARDED.get() == 0 {
            let error = Error::Internal { place: PLACE.take().unwrap_or_default() };
            tracing::error!(errorType = error.error_type(), error = %error, "the process ends");
        }
    }));
}

/// Answers every invocation with an error: the clients of AWS could not be built, so nobody can be alerted.
pub(crate) async fn answer_always(error: Error) -> std::result::Result<(), lambda_runtime::Error> {
    let error = &error;
    lambda_runtime::run(service_fn(|_: LambdaEvent<serde_json::Value>| async move {
        tracing::error!(errorType = error.error_type(), error = %error, "invocation failed");
        Err::<serde_json::Value, Error>(error.clone())
    }))
    .await
}

/// Has panics of this process print one line that says what to do, and no message.
pub fn speak_plainly() {
    std::panic::set_hook(Box::new(|panic| {
        remember(panic);
        let place = PLACE.take().unwrap_or_default();
        eprintln!("{}", Error::Internal { place });
    }));
}

fn remember(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(|at| format!("{}:{}", file_name(at.file()), at.line()));
    PLACE.set(place);
}

/// The end of a path: what stands before it is the builder's own.
fn file_name(path: &str) -> &str {
    path.rsplit_once("/src/").map_or(path, |(before, file)| {
        let start = before.rfind('/').map_or(0, |slash| slash + 1);
        path.get(start..).unwrap_or(file)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_that_says_nothing_of_its_message() {
        let failed: Result<()> = guarded(async { panic!("the secret is hush") }).await;
        let error = failed.unwrap_err();
        assert_eq!(error.error_type(), "Internal");
        assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
        assert_eq!(guarded(async { Ok(1) }).await.unwrap(), 1);
    }

    #[test]
    fn a_place_says_which_crate_and_nothing_of_the_machine_that_built_it() {
        assert_eq!(
            file_name("/home/a/registry/src/index-1/http-1.0/src/header.rs"),
            "http-1.0/src/header.rs"
        );
        assert_eq!(file_name("src/execute.rs"), "src/execute.rs");
    }
}
