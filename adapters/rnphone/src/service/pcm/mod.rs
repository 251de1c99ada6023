//! The sound of a call for a program in any language: PCM on a socket.
//!
//! 1. A client asks for the sound of a call, or of the one that is talked on ([`Wish`]).
//! 2. While that call is established, its sound goes both ways ([`link`]). It takes the place of
//!    the devices in that call.
//! 3. What the client sends before the answer, after the end and in between is read and dropped.
//! 4. A client that listens hears both sides, and takes the place of nothing ([`listener`]).

mod claims;
mod line;
mod link;
mod listener;
mod wish;

use std::io;

use lxst_tokio::{CallId, Phone, RecordingError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::server::{Control, Told};
use crate::control::{CallStage, Command, Event, Reply};
use claims::{Claim, Claims, MAX_LISTENERS, Part};
use line::{Incoming, Outgoing};
use link::Link;
use listener::Listener;
use wish::{Which, Wish};

/// The sound of a phone's calls for clients, cheap to clone.
#[derive(Clone, Debug)]
pub struct Pcm {
    phone: Phone,
    control: Control,
    claims: Claims,
}

/// Where a call is.
enum Place {
    Established(CallId),
    Awaited,
    Over,
}

impl Pcm {
    pub(super) fn new(phone: Phone, control: Control) -> Self {
        Self { phone, control, claims: Claims::default() }
    }

    /// Returns the end of the phone.
    pub(super) fn events(&self) -> Told {
        self.control.events()
    }

    /// Serves a client until it closes the stream, until the call that it asked for is over, or
    /// until the phone ends.
    ///
    /// *Shape*: see README.md of this crate. *Bounds*: a client that reads slower than the peer
    /// speaks misses sound, and holds up nobody.
    ///
    /// # Errors
    /// The stream's.
    ///
    /// # Cancel safety
    /// Cancelled, it leaves the client and the call.
    pub async fn serve<S>(&self, stream: S) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (reader, writer) = tokio::io::split(stream);
        let mut incoming = Incoming::new(reader);
        let mut outgoing = Outgoing::new(writer);
        let mut events = self.control.subscribe();
        let Some(line) = incoming.line().await? else { return Ok(()) };
        let admitted = match Wish::from_line(&line) {
            Ok(wish) => self.admit(wish).await.map(|claim| (wish, claim)),
            Err(reason) => Err(reason),
        };
        let (wish, _claim) = match admitted {
            Ok(admitted) => admitted,
            Err(reason) => return outgoing.refuse(&reason).await,
        };
        outgoing.accept(wish.format).await?;
        incoming.set_channels(wish.format.channels);
        loop {
            let call = match self.place(wish.call).await {
                Place::Over => return Ok(()),
                Place::Awaited => None,
                Place::Established(call) => self.claim(wish, call),
            };
            let Some((call, _claim)) = call else {
                tokio::select! {
                    is_over = change(&mut events) => if is_over { return Ok(()) },
                    ended = incoming.discard() => return ended,
                }
                continue;
            };
            tokio::select! {
                is_over = left(&mut events, call, wish.call) => if is_over { return Ok(()) },
                ended = self.run(call, wish, &mut incoming, &mut outgoing) => ended?,
            }
        }
    }

    /// Moves sound while the client is there; returns at once where the call is over.
    async fn run(
        &self,
        call: CallId,
        wish: Wish,
        incoming: &mut Incoming<impl AsyncRead + Unpin>,
        outgoing: &mut Outgoing<impl AsyncWrite + Unpin>,
    ) -> io::Result<()> {
        let call = self.phone.call(call);
        if !wish.listens {
            return match Link::attach(&call, wish).await {
                Ok(link) => link.run(incoming, outgoing).await,
                Err(_) => Ok(()),
            };
        }
        match Listener::attach(&call, wish.format.channels).await {
            Ok(listener) => listener.run(outgoing).await,
            Err(RecordingError::Audio(_)) => Ok(()),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// Claims the sound that a client asks for.
    async fn admit(&self, wish: Wish) -> Result<Claim, String> {
        let of = match wish.call {
            Which::Current => None,
            Which::Call(call) => Some(call),
        };
        if let (Some(call), Place::Over) = (of, self.place(wish.call).await) {
            return Err(format!("there is no call {}, or the voicemail has it", call.0));
        }
        if wish.listens {
            let none = || format!("{MAX_LISTENERS} clients listen already");
            return self.claims.listener().ok_or_else(none);
        }
        self.claims.claim(of.map_or(Part::Current, Part::Call)).ok_or_else(|| match of {
            Some(call) => format!("another client has the sound of call {}", call.0),
            None => "another client has the sound of the current call".to_owned(),
        })
    }

    /// Claims a call for a client of the current one; that of its own call has it already, and a
    /// listener needs none.
    fn claim(&self, wish: Wish, call: CallId) -> Option<(CallId, Option<Claim>)> {
        match wish.call {
            _ if wish.listens => Some((call, None)),
            Which::Call(_) => Some((call, None)),
            Which::Current => Some((call, Some(self.claims.claim(Part::Call(call))?))),
        }
    }

    async fn place(&self, which: Which) -> Place {
        let Ok(Reply::Status(status)) = self.control.ask(Command::Status {}).await else {
            return Place::Over;
        };
        let mut calls = status.calls.iter().filter(|call| !call.is_voicemail);
        match which {
            Which::Current => {
                let is_it = |call: &&_| is_established(call) && !call.is_held;
                let talked = calls.find(is_it).map(|call| CallId(call.call));
                talked.map_or(Place::Awaited, Place::Established)
            }
            Which::Call(wanted) => match calls.find(|call| call.call == wanted.0) {
                Some(call) if is_established(call) => Place::Established(wanted),
                Some(_) => Place::Awaited,
                None => Place::Over,
            },
        }
    }
}

fn is_established(call: &crate::control::CallInfo) -> bool {
    call.state == CallStage::Established
}

/// Waits for what may change which call is talked on. Returns whether the phone is over.
async fn change(events: &mut Receiver<Event>) -> bool {
    loop {
        return match events.recv().await {
            Ok(Event::Stopped {}) | Err(RecvError::Closed) => true,
            Ok(
                Event::Established { .. }
                | Event::Held { .. }
                | Event::Resumed { .. }
                | Event::Merged { .. }
                | Event::Split { .. }
                | Event::VoicemailAnswers { .. }
                | Event::Ended { .. },
            )
            | Err(RecvError::Lagged(_)) => false,
            Ok(_) => continue,
        };
    }
}

/// Waits until a call is over, or is not the one that is talked on. Returns whether the phone is
/// over.
async fn left(events: &mut Receiver<Event>, of: CallId, which: Which) -> bool {
    loop {
        match events.recv().await {
            Ok(Event::Stopped {}) | Err(RecvError::Closed) => return true,
            Ok(Event::Ended { call, .. }) if call == of.0 => return false,
            Ok(Event::Held { call }) if call == of.0 && which == Which::Current => return false,
            Ok(_) => {}
            // One of these may be left out.
            Err(RecvError::Lagged(_)) => return false,
        }
    }
}
