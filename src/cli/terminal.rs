//! Where a command's words go, and where its answers come from.

use std::io::{self, BufRead, IsTerminal as _, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;

use super::{Exit, Failure};

/// Longest answer to a question that is read.
const LONGEST_ANSWER: u64 = 1000;

/// Stdout, stderr and stdin, or what a test has in their place.
pub struct Terminal {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    input: Box<dyn BufRead + Send>,
    /// Whether stdout is a terminal, and whether it may be coloured.
    look: Look,
    interrupted: watch::Receiver<bool>,
    hearing: Arc<Hearing>,
    /// Whether a person can be asked: stdin is a terminal.
    can_ask: bool,
}

/// The exit code after Ctrl-C.
const INTERRUPTED: u8 = 130;

/// When Ctrl-C is noted, instead of ending the process at once.
#[derive(Debug, Default)]
struct Hearing {
    /// A command asks after it between two actions.
    listens: AtomicBool,
    /// Nobody does, because a question waits for its answer.
    asks: AtomicBool,
}

/// How output may look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether it may be coloured.
    pub(crate) colour: bool,
    /// Whether progress may be drawn on stderr.
    pub(crate) progress: bool,
    /// How wide a terminal stdout is; `None` if it is none.
    pub(crate) width: Option<u16>,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").field("look", &self.look).finish_non_exhaustive()
    }
}

impl Terminal {
    /// This process's own. Ctrl-C is noted instead of ending it, from the first time that somebody
    /// listens; a second one ends it, and so does one at a question.
    pub fn of_this_process(environment: &[(String, String)]) -> Self {
        let set = |wanted: &str| environment.iter().any(|(name, value)| name == wanted && !value.is_empty());
        let columns = environment.iter().find(|(name, _)| name == "COLUMNS");
        let columns = columns.and_then(|(_, value)| value.parse().ok());
        let width = || columns.or_else(|| Some(terminal_size::terminal_size()?.0.0));
        let look = Look {
            colour: io::stdout().is_terminal() && !set("NO_COLOR"),
            progress: io::stderr().is_terminal(),
            width: if io::stdout().is_terminal() { width() } else { None },
        };
        let (sender, interrupted) = watch::channel(false);
        let hearing = Arc::new(Hearing::default());
        let heard = hearing.clone();
        // A thread of its own: a question blocks the other one.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                while tokio::signal::ctrl_c().await.is_ok() {
                    let noted = heard.listens.load(Relaxed) && !heard.asks.load(Relaxed);
                    if !noted || sender.send_replace(true) {
                        std::process::exit(INTERRUPTED.into());
                    }
                }
            });
        });
        let input = Box::new(io::BufReader::new(io::stdin()));
        let terminal = Self::new(Box::new(io::stdout()), Box::new(io::stderr()), input, look, interrupted);
        Self { hearing, can_ask: io::stdin().is_terminal(), ..terminal }
    }

    /// Any other, whose `input` answers questions as a person would.
    pub fn new(
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
        input: Box<dyn BufRead + Send>,
        look: Look,
        interrupted: watch::Receiver<bool>,
    ) -> Self {
        Self { out, err, input, look, interrupted, hearing: Arc::default(), can_ask: true }
    }

    /// How output may look.
    pub(crate) fn look(&self) -> Look {
        self.look
    }

    /// Whether a person can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        self.can_ask
    }

    /// Tells of Ctrl-C from now on; until then it ends the process.
    pub(crate) fn interrupted(&self) -> watch::Receiver<bool> {
        self.hearing.listens.store(true, Relaxed);
        self.interrupted.clone()
    }

    /// Bytes as they are, to stdout.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    /// A line on stdout.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.out, "{}", text.as_ref())?;
        self.out.flush()
    }

    /// A value as JSON, on stdout.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value)?;
        self.line("")
    }

    /// A line on stderr: what is not the answer itself.
    pub(crate) fn note(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.err, "{}", text.as_ref())
    }

    /// A line on stderr where stdout is JSON, on stdout otherwise.
    pub(super) fn tell(&mut self, json: bool, text: impl AsRef<str>) -> io::Result<()> {
        if json { self.note(text) } else { self.line(text) }
    }

    pub(crate) fn paint(&self, colour: AnsiColor, text: &str) -> String {
        if !self.look.colour {
            return text.to_owned();
        }
        let style = Style::new().fg_color(Some(colour.into())).bold();
        format!("{style}{text}{style:#}")
    }

    /// Asks for a typed yes; anything else is a no.
    pub(crate) fn agrees(&mut self, question: &str) -> io::Result<bool> {
        self.accepts(&format!("{question} Type yes to go on: "), &["yes"])
    }

    /// Asks a question to which only these answers mean yes.
    pub(super) fn accepts(&mut self, question: &str, answers: &[&str]) -> io::Result<bool> {
        write!(self.err, "{question}")?;
        self.err.flush()?;
        let mut answer = String::new();
        self.hearing.asks.store(true, Relaxed);
        let read = io::Read::take(&mut self.input, LONGEST_ANSWER).read_line(&mut answer);
        self.hearing.asks.store(false, Relaxed);
        read?;
        writeln!(self.err)?;
        Ok(answers.contains(&answer.trim()))
    }

    /// A progress bar on stderr; on anything but a terminal it draws nothing.
    pub(crate) fn progress(&self, length: usize, what: &'static str) -> ProgressBar {
        let target =
            if self.look.progress { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(u64::try_from(length).unwrap_or(u64::MAX)), target);
        let style = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {eta}");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    /// What the arguments' reader has to say: help on stdout, mistakes on stderr.
    pub(super) fn usage(&mut self, error: &clap::Error) -> u8 {
        let text = error.render();
        let text = if self.look.colour { text.ansi().to_string() } else { text.to_string() };
        let written =
            if error.use_stderr() { write!(self.err, "{text}") } else { write!(self.out, "{text}") };
        let failed = written.is_err();
        u8::try_from(error.exit_code()).unwrap_or(1).max(u8::from(failed))
    }

    /// The exit code, once a failure has been told.
    pub(super) fn close(&mut self, outcome: Result<Exit, Failure>) -> u8 {
        let code = match outcome {
            Ok(exit) => exit.code(),
            // Whoever read the output has seen enough: `status | head`.
            Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Err(failure) => {
                let code = failure.code();
                let _ = writeln!(self.err, "{} {}", self.paint(AnsiColor::Red, "error:"), failure.words());
                code
            }
        };
        // Of a command that Ctrl-C stopped, a shell expects what it gets where Ctrl-C ends the process.
        if code == 1 && *self.interrupted.borrow() { INTERRUPTED } else { code }
    }
}
