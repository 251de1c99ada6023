//! The boundary to another Reticulum stack that runs in the app.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_channel::Receiver;
use event_listener::{Event, Listener};
use lxst_engine::{Ids, LinkCommand, LinkCommands, LinkNames};

use crate::link_reporter::{LinkReport, LinkReporter};
use crate::stack_links::StackLinks;

/// The app's side of a phone whose links come from the app's own Reticulum stack.
///
/// The app does each [`LinkCommand`] with its stack, and reports what happens to links through a
/// [`LinkReporter`], or by the stack's own names of links through [`StackLinks`].
/// [`names`](Self::names) translates between the two kinds of names. The hash of the identity is
/// all that the phone needs of it: keys stay with the stack, or in hardware.
///
/// | the stack tells | the app reports |
/// |---|---|
/// | a peer's link to our telephony destination is established | [`LinkEvent::Incoming`](crate::LinkEvent::Incoming) |
/// | a link of ours is established | [`LinkEvent::Up`](crate::LinkEvent::Up) |
/// | it failed, or no path was found | [`LinkEvent::Failed`](crate::LinkEvent::Failed) |
/// | the peer identified itself | [`LinkEvent::Identified`](crate::LinkEvent::Identified) |
/// | a packet of context NONE | [`packet`](LinkReporter::packet) |
/// | a keepalive, or another packet that is not for the phone: every one, or none at all | [`LinkEvent::Heard`](crate::LinkEvent::Heard) |
/// | the link closed, or did not come up | [`LinkEvent::Closed`](crate::LinkEvent::Closed) |
/// | a phone's announce | [`announced`](LinkReporter::announced) |
/// | the network can be reached | [`network_up`](LinkReporter::network_up) |
///
/// *Order*: reports of a link may come in any order. A packet, an identification or an end that
/// comes before `Incoming`, and a packet that comes before `Up`, waits for it, up to 4 of each
/// link. For `Incoming` it waits up to 1 s, on up to 64 links, and the oldest link makes room. What
/// waits in vain is dropped and counted.
///
/// *Age*: media that the app does not take within [`MEDIA_AGE`](lxst_core::limits::MEDIA_AGE) is
/// dropped and counted. Signals and link requests wait until they are taken. Where 1,024 of them
/// wait, the link of the next is closed and its call ends as
/// [`EndReason::LinkLost`](crate::EndReason::LinkLost).
/// [`Counters::links`](crate::Counters::links) has the counts.
///
/// *Close*: a link that the phone gives up before the app took its `Open` is never asked for. A
/// link that comes up after its `Close` is reported as `Up` like any other, and the phone asks to
/// close it again. A `Close` of a link that the app does not know asks for nothing.
///
/// # A stack of channels
///
/// A stack whose names of links are `[u8; 16]`, and that tells of links, identities and packets on
/// channels of their own:
///
/// ```
/// use lxst_core::Destination;
/// use lxst_phone::{AppStack, CallState, Event, IdentityHash, LinkEvent, PhoneBuilder};
/// use lxst_smol::Smol;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// smol::block_on(async {
///     let us = IdentityHash([1; 16]);
///     let (builder, port) = PhoneBuilder::<Smol, AppStack>::on_links(us);
///     let (phone, mut events) = builder.start().await?;
///     let (reporter, mut names) = (port.reporter(), port.names());
///
///     // The channel of identities is ahead of the channel of links.
///     let (key, caller) = ([0xA1; 16], IdentityHash([7; 16]));
///     let on = Destination::telephony(us);
///     let reports = [
///         LinkEvent::Identified(caller),
///         LinkEvent::Incoming { on, rtt: None, mdu: None },
///     ];
///     for event in reports {
///         if let Some(link) = names.of_event(&key, &event) {
///             reporter.event(link, event).await;
///         }
///     }
///     while let Some(event) = events.next().await {
///         if let Event::Incoming { from, .. } = event {
///             assert_eq!(from, caller);
///             break;
///         }
///     }
///     phone.shutdown().await;
///     Ok(())
/// })
/// # }
/// ```
///
/// # rsReticulum, call by call
///
/// From its public API, not run against it. rsReticulum proves **each link packet** that it
/// receives, whatever the proof strategy of its destination: 115 bytes a packet, which LXST phones
/// do not send, and which a slow radio feels. It has no setting against it.
///
/// | rsReticulum | here |
/// |---|---|
/// | `RegisteredDestination::register(transport_tx, identity, "lxst.telephony", options)` | before [`network_up`](LinkReporter::network_up); the hash of the identity goes to [`PhoneBuilder::on_links`](crate::PhoneBuilder::on_links) |
/// | `events.links_established`: `[u8; 16]` | [`LinkEvent::Incoming`](crate::LinkEvent::Incoming) with `rtt: None, mdu: None` |
/// | `events.links_identified`: `([u8; 16], [u8; 16])` | [`LinkEvent::Identified`](crate::LinkEvent::Identified) |
/// | `events.link_packets`: `(Vec<u8>, [u8; 16])`, data first | [`packet`](LinkReporter::packet) |
/// | `events.links_closed`: `[u8; 16]` | [`LinkEvent::Closed`](crate::LinkEvent::Closed) with [`LinkClosed::Unknown`](crate::LinkClosed::Unknown) |
/// | `DestinationHandle::announce(options)` | does [`LinkCommand::Announce`]; `app_data` of the options is [`DisplayName::encode`](lxst_core::DisplayName::encode) where the command has a name |
/// | `TransportMessage::RegisterAnnounceHandler { .. }` for `lxst.telephony` | [`announced`](LinkReporter::announced), where the identity hash is known |
/// | `resolve_destination_on_transport(&transport_tx, hash, options)` | first half of [`LinkRequest::Open`](crate::LinkRequest::Open), in a task of its own; its timeout is [`LinkFailed::NoPath`](crate::LinkFailed::NoPath) |
/// | `LinkSession::connect(transport_tx, identity, config)` with `identify: true` | second half; done is [`LinkEvent::Up`](crate::LinkEvent::Up) with `mdu()`, an error is [`LinkEvent::Failed`](crate::LinkEvent::Failed). [`LinkRequest::Identify`](crate::LinkRequest::Identify) then asks for nothing: the stack identifies earlier, which peers accept |
/// | session event `Packet` | [`packet`](LinkReporter::packet); drain the channel, or the session stops its keepalives |
/// | session events `Stale`, `Recovered` | nothing. Keepalives are not told, so do not report [`LinkEvent::Heard`](crate::LinkEvent::Heard) |
/// | session event `Closed { Local, Remote, Timeout, TransportUnavailable }` | nothing; [`LinkClosed::Peer`](crate::LinkClosed::Peer), [`Timeout`](crate::LinkClosed::Timeout), [`Interface`](crate::LinkClosed::Interface) |
/// | `send_packet(data).await` of a session's handle | does [`LinkCommand::Send`]; it waits, so give it a task for each link. Where it fails for a [`Class::Signal`](lxst_core::Class::Signal), close the link |
/// | `close().await` of a session's handle, `close_link(..)` | does [`LinkRequest::Close`](crate::LinkRequest::Close) |
/// | `RegisteredDestination::close(self).await` | after [`next`](Self::next) returned `None` |
#[derive(Debug)]
pub struct LinkPort {
    commands: Arc<Commands>,
    reporter: LinkReporter,
}

/// The commands that wait for the app.
#[derive(Debug)]
struct Commands {
    queue: LinkCommands,
    came: Event,
    /// Whether no more commands will come.
    is_over: AtomicBool,
}

/// The phone's side of the commands.
#[derive(Debug)]
pub(crate) struct CommandBell(Arc<Commands>);

impl LinkPort {
    pub(crate) fn new(ids: Ids, queue: LinkCommands) -> (Self, CommandBell, Receiver<LinkReport>) {
        let commands = Commands { queue, came: Event::new(), is_over: AtomicBool::new(false) };
        let commands = Arc::new(commands);
        let (reporter, reports) = LinkReporter::new(ids);
        (Self { commands: commands.clone(), reporter }, CommandBell(commands), reports)
    }

    /// Waits for the next command; `None` when the phone has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: no command is lost.
    pub async fn next(&self) -> Option<LinkCommand> {
        loop {
            let listener = self.commands.came.listen();
            match self.commands.poll() {
                ControlFlow::Break(command) => return command,
                ControlFlow::Continue(()) => listener.await,
            }
        }
    }

    /// As [`next`](Self::next), for a thread.
    #[must_use]
    pub fn next_blocking(&self) -> Option<LinkCommand> {
        self.next_timeout(Duration::MAX)
    }

    /// As [`next_blocking`](Self::next_blocking), but waits this long at most; [`Duration::MAX`] is
    /// for ever. `None`: nothing came, or the phone has shut down, which [`is_over`](Self::is_over)
    /// tells.
    #[must_use]
    pub fn next_timeout(&self, wait: Duration) -> Option<LinkCommand> {
        let until = Instant::now().checked_add(wait);
        loop {
            let listener = self.commands.came.listen();
            match (self.commands.poll(), until) {
                (ControlFlow::Break(command), _) => return command,
                (ControlFlow::Continue(()), None) => listener.wait(),
                (ControlFlow::Continue(()), Some(until)) => {
                    listener.wait_deadline(until)?;
                }
            }
        }
    }

    /// Returns whether the phone has shut down and no command is left.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.commands.is_over.load(Ordering::Acquire) && self.commands.queue.is_empty()
    }

    /// Reports by the stack's own names of links, from any thread.
    #[must_use]
    pub fn links<K: Clone + Ord>(&self, names: LinkNames<K>) -> StackLinks<K> {
        StackLinks::new(names, self.reporter())
    }

    /// Makes an empty map between a stack's names of links and the phone's. A binding needs one.
    #[must_use]
    pub fn names<K: Clone + Ord>(&self) -> LinkNames<K> {
        LinkNames::new(self.reporter.ids().clone())
    }

    /// Returns the reporter, which gives the phone the events of links.
    #[must_use]
    pub fn reporter(&self) -> LinkReporter {
        self.reporter.clone()
    }
}

impl Commands {
    /// Breaks with the next command, or with `None` when no more will come.
    fn poll(&self) -> ControlFlow<Option<LinkCommand>> {
        // Commands from before the end come first.
        let is_over = self.is_over.load(Ordering::Acquire);
        match self.queue.poll() {
            Some(command) => {
                // Another task may wait for the remaining commands.
                if !self.queue.is_empty() {
                    self.came.notify(1);
                }
                ControlFlow::Break(Some(command))
            }
            None if is_over => ControlFlow::Break(None),
            None => ControlFlow::Continue(()),
        }
    }
}

impl CommandBell {
    /// Wakes the app if commands wait.
    pub(crate) fn ring(&self) {
        if !self.0.queue.is_empty() {
            self.0.came.notify(1);
        }
    }
}

impl Drop for CommandBell {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Release);
        self.0.came.notify(usize::MAX);
    }
}
