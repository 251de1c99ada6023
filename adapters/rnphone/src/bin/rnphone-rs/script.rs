//! A client of the phone that does with calls what the options say.

use std::collections::BTreeMap;
use std::future::pending;
use std::time::Duration;

use lxst_tokio::{EndReason, Mode};
use rnphone_rs::control::{Command, Event, Reply};
use rnphone_rs::history::Outcome;
use rnphone_rs::service::{Client, ClientEvents, CommandError};
use tokio::time::{Instant, sleep_until, timeout};

use crate::failure::Failure;
use crate::options::ScriptOptions;
use crate::report::Reporter;

/// Answers, rejects and hangs up calls by itself, and knows when the last one is over.
pub(crate) struct Script<'a> {
    client: Client,
    events: ClientEvents,
    options: &'a ScriptOptions,
    reporter: Reporter,
    /// The call that it dialled.
    dialled: Option<u64>,
    /// What is to be done with calls, and when.
    plan: BTreeMap<u64, (Instant, Step)>,
    /// How the last call ended, as an exit code.
    code: u8,
    is_phone_over: bool,
}

#[derive(Clone, Copy)]
enum Step {
    Answer,
    Reject,
    HangUp,
}

impl<'a> Script<'a> {
    pub(crate) fn new(
        (client, events): (Client, ClientEvents),
        options: &'a ScriptOptions,
        reporter: Reporter,
    ) -> Self {
        let plan = BTreeMap::new();
        Self {
            client,
            events,
            options,
            reporter,
            dialled: None,
            plan,
            code: 0,
            is_phone_over: false,
        }
    }

    /// Tells who the phone is, and makes the call that is asked for.
    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        if let Some(hello) = self.events.next().await {
            self.reporter.event(&hello);
        }
        if self.options.busy {
            self.ask(Command::DoNotDisturb { on: true }).await?;
        }
        if let Some(to) = self.options.call.clone() {
            let mode = self.options.mode().unwrap_or(Mode::FullDuplex);
            if let Reply::Call(call) = self.ask(Command::Dial { to, profile: None, mode }).await? {
                self.dialled = Some(call);
            }
        }
        Ok(())
    }

    /// Does what is planned until the last call or the phone is over. Returns the exit code.
    ///
    /// # Cancel safety
    /// It can be called again; a step in between may be left out.
    pub(crate) async fn run(&mut self) -> u8 {
        loop {
            let next = self.plan.iter().min_by_key(|(_, (at, _))| *at);
            let next = next.map(|(call, (at, step))| (*call, *at, *step));
            let due = async {
                match next {
                    Some((_, at, _)) => sleep_until(at).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                event = self.events.next() => {
                    let Some(event) = event else {
                        self.is_phone_over = true;
                        return self.code;
                    };
                    self.reporter.event(&event);
                    if self.is_last(&event) {
                        return self.code;
                    }
                }
                () = due => {
                    if let Some((call, _, step)) = next {
                        self.plan.remove(&call);
                        self.take(call, step).await;
                    }
                }
            }
        }
    }

    /// Whether the phone has ended.
    pub(crate) const fn is_phone_over(&self) -> bool {
        self.is_phone_over
    }

    /// Hangs up the call that it dialled, and waits for its end. Returns the exit code.
    pub(crate) async fn leave(&mut self) -> u8 {
        if let Some(call) = self.dialled.take() {
            self.plan.clear();
            // It may be over.
            let hung_up = self.client.ask(Command::HangUp { call: Some(call) }).await;
            if hung_up.is_ok() {
                self.dialled = Some(call);
                let _ = timeout(PATIENCE, self.run()).await;
            }
        }
        self.code
    }

    /// Plans what follows from an event. Returns whether there is nothing more to do.
    fn is_last(&mut self, event: &Event) -> bool {
        let ScriptOptions { answer, reject, hang_up_after, once, .. } = *self.options;
        match *event {
            Event::Incoming { call, .. } if reject => self.plan(call, Duration::ZERO, Step::Reject),
            Event::Incoming { call, .. } => {
                if let Some(after) = answer {
                    self.plan(call, after, Step::Answer);
                }
            }
            Event::Established { call, .. } => {
                if let Some(after) = hang_up_after {
                    self.plan(call, after, Step::HangUp);
                }
            }
            Event::Ended { call, ref past } => {
                self.plan.remove(&call);
                if self.options.is_any() {
                    self.code = exit_code(past.outcome);
                }
                return once || self.dialled == Some(call);
            }
            Event::DestinationDialled { call, .. } if self.dialled == Some(call) => {
                self.code = USAGE;
                return true;
            }
            Event::Stopped {} => {
                self.is_phone_over = true;
                return true;
            }
            _ => {}
        }
        false
    }

    fn plan(&mut self, call: u64, after: Duration, step: Step) {
        self.plan.insert(call, (Instant::now() + after, step));
    }

    async fn take(&self, call: u64, step: Step) {
        let call = Some(call);
        let command = match step {
            Step::Answer => Command::Answer { call },
            Step::Reject => Command::Reject { call },
            Step::HangUp => Command::HangUp { call },
        };
        // The call may just have ended, or a person was faster.
        let _ = self.client.ask(command).await;
    }

    async fn ask(&self, command: Command) -> Result<Reply, Failure> {
        self.client
            .ask(command)
            .await
            .map_err(|error: CommandError| Failure::usage(error.to_string()))
    }
}

/// Returns the exit code of `--help` for the end of a call.
const fn exit_code(outcome: Outcome) -> u8 {
    let Outcome::Ended(reason) = outcome else { return BUSY };
    match reason {
        EndReason::LocalHangup | EndReason::RemoteHangup => 0,
        EndReason::NoPath | EndReason::NoNetwork | EndReason::LinkFailed => 3,
        EndReason::Busy => BUSY,
        EndReason::Rejected => 5,
        EndReason::LinkLost => 7,
        _ => 6,
    }
}

/// The exit code of wrong options: nobody dials a destination.
const USAGE: u8 = 2;
const BUSY: u8 = 4;
/// Time limit of a call's end.
const PATIENCE: Duration = Duration::from_secs(5);
