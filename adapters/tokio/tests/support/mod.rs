//! An app with a phone, as tests drive it.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::time::Duration;

use lxst_tokio::telephony::{AnswerMode, CallerLimits, Config};
use lxst_tokio::{
    Call, CallEvent, CallId, EndReason, Event, Events, Identity, OsRng, Phone, PhoneBuilder,
    Profile,
};
use tokio::time::timeout;

/// How long anything may take that the test waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct App {
    pub(crate) phone: Phone,
    pub(crate) events: Events,
}

impl App {
    pub(crate) async fn start(builder: PhoneBuilder) -> Self {
        let (phone, events) = builder.start().await.unwrap();
        Self { phone, events }
    }

    pub(crate) async fn listening() -> Self {
        Self::start(builder().listen("127.0.0.1:0")).await
    }

    pub(crate) async fn connected(address: impl Into<String>) -> Self {
        Self::start(builder().connect(address)).await
    }

    pub(crate) fn address(&self) -> String {
        self.phone.listening()[0].to_string()
    }

    pub(crate) async fn until(&mut self, wanted: impl Fn(&CallEvent) -> bool) -> CallEvent {
        let found = async {
            loop {
                let event = self.events.next().await.expect("the phone runs");
                if let Event::Call(event) = event
                    && wanted(&event)
                {
                    return event;
                }
            }
        };
        timeout(PATIENCE, found).await.expect("the event comes")
    }

    pub(crate) async fn incoming(&mut self) -> CallId {
        match self.until(|event| matches!(event, CallEvent::Incoming { .. })).await {
            CallEvent::Incoming { call, .. } => call,
            other => unreachable!("{other:?}"),
        }
    }

    pub(crate) async fn established(&mut self) {
        self.until(|event| matches!(event, CallEvent::Established { .. })).await;
    }

    pub(crate) async fn end(&mut self) -> EndReason {
        match self.until(|event| matches!(event, CallEvent::Ended { .. })).await {
            CallEvent::Ended { reason, .. } => reason,
            other => unreachable!("{other:?}"),
        }
    }

    /// All that is still told of calls, until the phone has nothing more to tell.
    pub(crate) async fn rest(&mut self) -> Vec<CallEvent> {
        let rest = async {
            let mut rest = Vec::new();
            while let Some(event) = self.events.next().await {
                if let Event::Call(event) = event {
                    rest.push(event);
                }
            }
            rest
        };
        timeout(PATIENCE, rest).await.expect("the events end")
    }
}

/// A phone that anybody may call at any rate.
pub(crate) fn builder() -> PhoneBuilder {
    Phone::builder(Identity::generate(&mut OsRng)).telephone(config(AnswerMode::App))
}

pub(crate) fn config(answer: AnswerMode) -> Config {
    let limits =
        CallerLimits { one_caller: u16::MAX, strangers: u16::MAX, ..CallerLimits::default() };
    Config { answer, limits, ..Config::default() }
}

/// A caller that is connected to a callee.
pub(crate) async fn pair() -> (App, App) {
    let callee = App::listening().await;
    (App::connected(callee.address()).await, callee)
}

/// Brings up a call, and gives the two sides' handles to it.
pub(crate) async fn establish(caller: &mut App, callee: &mut App) -> (Call, Call) {
    let (outgoing, incoming) = ring(caller, callee).await;
    incoming.answer().await.unwrap();
    callee.established().await;
    caller.established().await;
    (outgoing, incoming)
}

/// Dials until it rings on both sides.
pub(crate) async fn ring(caller: &mut App, callee: &mut App) -> (Call, Call) {
    let outgoing =
        caller.phone.dial(callee.phone.identity(), Profile::MediumQuality).await.unwrap();
    let incoming = callee.incoming().await;
    caller.until(|event| matches!(event, CallEvent::Ringing { .. })).await;
    (outgoing, callee.phone.call(incoming))
}

/// Waits for what no event tells.
pub(crate) async fn eventually(mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, wait).await.expect("it comes to that");
}
