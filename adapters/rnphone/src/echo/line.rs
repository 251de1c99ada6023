//! The service that answers callers.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_lite::future::or;
use lxst_audio::FileError;
use lxst_phone::{Admission, Call, Event, Events, IdentityHash, Phone, Runtime};

use super::machine::Echo;
use super::shares::Shares;
use crate::answered::{AnswerError, AnsweredCall, BLOCK};
use crate::voicemail::Greeting;

/// How an echo line serves its callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EchoConfig {
    /// What callers hear first.
    pub greeting: Greeting,
    /// How long a call's words are played back. 3 min by default.
    pub max_call: Duration,
    /// How much of each hour one caller has. 15 min by default; a call takes at least 10 s of it.
    pub hourly: Duration,
}

impl Default for EchoConfig {
    fn default() -> Self {
        Self {
            greeting: Greeting::default(),
            max_call: Duration::from_secs(180),
            hourly: Duration::from_secs(900),
        }
    }
}

/// What happens on an echo line.
#[derive(Debug)]
#[non_exhaustive]
pub enum EchoEvent {
    /// A call is answered.
    Answered {
        /// Who called.
        from: IdentityHash,
        /// Why our notes are played, and not the file of the greeting.
        greeting_fault: Option<FileError>,
    },
    /// A caller hears that the line is busy: another one has it, or his share of the hour is used
    /// up.
    TurnedAway {
        /// Who called.
        from: IdentityHash,
    },
    /// An answered call is over.
    Ended {
        /// Who called.
        from: IdentityHash,
        /// How long it was; an error if it was not established.
        result: Result<Duration, AnswerError>,
    },
}

/// Answers the calls of a phone, one at a time, and plays back what callers say.
///
/// It is heard and hears by ports of the calls' own: no device is opened.
#[derive(Clone, Debug)]
pub struct EchoLine {
    config: EchoConfig,
    shares: Shares,
}

impl EchoLine {
    /// Makes a line.
    #[must_use]
    pub const fn new(config: EchoConfig) -> Self {
        let shares = Shares::new(config.hourly);
        Self { config, shares }
    }

    /// Serves the calls of a phone until it has shut down. `tell` is told what happens.
    ///
    /// The phone needs callers who may ring: who is blocked by its settings never comes here.
    ///
    /// # Cancel safety
    /// Cancelled, it leaves a call that it has answered to the app.
    pub async fn serve<R: Runtime>(
        &mut self,
        runtime: &R,
        phone: &Phone,
        events: &mut Events,
        mut tell: impl FnMut(EchoEvent),
    ) {
        let mut talk: Option<Talk> = None;
        loop {
            let next = async { Next::Event(events.next().await) };
            let next = match &mut talk {
                Some(talk) => or(async { Next::Ended((&mut talk.work).await) }, next).await,
                None => next.await,
            };
            match next {
                Next::Event(None) => return,
                Next::Event(Some(Event::Incoming { call, from })) => {
                    let call = phone.call(call);
                    let left = self.shares.left(from, runtime.now()).filter(|_| talk.is_none());
                    if let Some(left) = left {
                        let (begun, greeting_fault) = self.talk(call, from, left, runtime.now());
                        talk = Some(begun);
                        tell(EchoEvent::Answered { from, greeting_fault });
                    } else {
                        // He may have hung up.
                        let _ = call.screen(Admission::Busy).await;
                        tell(EchoEvent::TurnedAway { from });
                    }
                }
                Next::Event(Some(_)) => {}
                Next::Ended(result) => {
                    if let Some(Talk { from, began, .. }) = talk.take() {
                        let now = runtime.now();
                        let length = now.saturating_duration_since(began);
                        self.shares.spend(from, length, now);
                        tell(EchoEvent::Ended { from, result: result.map(|()| length) });
                    }
                }
            }
        }
    }

    /// Begins a call.
    fn talk(
        &self,
        call: Call,
        from: IdentityHash,
        left: Duration,
        began: Instant,
    ) -> (Talk, Option<FileError>) {
        let (greeting, greeting_fault) = self.config.greeting.sound();
        let (farewell, _) = Greeting::Notes.sound();
        let echo = Echo::new(greeting, self.config.max_call.min(left), farewell);
        (Talk { from, began, work: Box::pin(play_back(call, echo)) }, greeting_fault)
    }
}

/// A call that is answered.
struct Talk {
    from: IdentityHash,
    began: Instant,
    work: Pin<Box<dyn Future<Output = Result<(), AnswerError>> + Send>>,
}

/// What the line waits for.
enum Next {
    Event(Option<Event>),
    Ended(Result<(), AnswerError>),
}

async fn play_back(call: Call, mut echo: Echo) -> Result<(), AnswerError> {
    let mut call = AnsweredCall::answer(&call).await?;
    let (mut heard, mut said) = ([0.0; BLOCK], [0.0; BLOCK]);
    while !echo.has_ended() && call.listen(&mut heard).await {
        echo.handle_block(&heard, &mut said);
        call.say(&said).await;
    }
    call.hang_up().await;
    Ok(())
}
