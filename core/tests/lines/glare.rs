//! People whom we dial, and who dial us on every link that may wait: what one input causes stays
//! within its bound, and each link hears what becomes of it.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use lxst_core::wire::{self, Packet, Signal};
use lxst_core::{
    CallId, CallState, Command, Destination, Input, Instant, LinkClosed, LinkEvent, LinkId,
    LinkRequest, Mode, Output, PacketBuf, Profile, Telephone, limits,
};

use crate::simulation::{identity, quiet};

#[test]
fn a_peer_that_calls_on_all_links_that_may_wait_is_held_on_the_last_and_busy_on_the_others() {
    for end in ENDS {
        for is_available in [true, false] {
            flood::<1>(*end, is_available);
            flood::<3>(*end, is_available);
        }
    }
}

/// All lines dial, and all whom they dial call back, on the links that may wait in turn. Then each
/// of our calls comes to an end, or rings.
fn flood<const LINES: usize>(end: End, is_available: bool) {
    let what = format!("{end:?}, {LINES} lines, available: {is_available}");
    let mut desk = Desk::<LINES>::new();
    (0..LINES).for_each(|line| desk.dial(line));
    desk.give(Input::Command(Command::SetAvailable(is_available)));
    let links: Vec<LinkId> = (1_000..).take(limits::PENDING_LINKS).map(LinkId).collect();
    for link in &links {
        let on = Destination::telephony(identity(US));
        desk.link(*link, LinkEvent::Incoming { on, rtt: None, mdu: None });
    }
    desk.advance(limits::ACCEPT_DELAY);
    desk.heard.clear();
    for (turn, link) in links.iter().enumerate() {
        desk.link(*link, LinkEvent::Identified(identity(peer(turn % LINES))));
    }
    let (busy, held) = links.split_at(links.len() - LINES);
    assert!(held.iter().all(|link| !desk.heard.contains_key(link)), "{what}: {:?}", desk.heard);
    assert!(busy.iter().all(|link| desk.heard[link] == [Signal::Busy]), "{what}: {:?}", desk.heard);

    for line in 0..LINES {
        match end {
            End::Said(signal) => desk.signal(own_link(line), signal),
            End::Link(event) => desk.link(own_link(line), event),
            End::HungUp => desk.give(Input::Command(Command::HangUp(own_call(line)))),
        }
    }
    for link in held {
        assert_eq!(desk.heard.get(link).map(Vec::len), Some(1), "{what}: {:?}", desk.heard);
    }
    for call in desk.phone.calls().collect::<Vec<_>>() {
        desk.give(Input::Command(Command::HangUp(call.call)));
    }
    desk.advance(Duration::from_secs(120));
    assert_eq!((desk.phone.calls().count(), desk.phone.poll_timeout()), (0, None), "{what}");
    assert!(links.iter().all(|link| desk.closed.contains(link)), "{what}: {:?}", desk.closed);
}

/// What becomes of a call of ours while its peer is held.
#[derive(Clone, Copy, Debug)]
enum End {
    Said(Signal),
    Link(LinkEvent),
    HungUp,
}

const ENDS: &[End] = &[
    End::Said(Signal::Ringing),
    End::Said(Signal::Busy),
    End::Said(Signal::Rejected),
    End::Link(LinkEvent::Closed(LinkClosed::Peer)),
    End::HungUp,
];

/// A telephone that dials people whose hashes are higher than its own.
struct Desk<const LINES: usize> {
    phone: Telephone<LINES>,
    now: Instant,
    heard: BTreeMap<LinkId, Vec<Signal>>,
    closed: BTreeSet<LinkId>,
}

impl<const LINES: usize> Desk<LINES> {
    fn new() -> Self {
        Self {
            phone: Telephone::with_lines(identity(US), quiet(), Instant::ORIGIN),
            now: Instant::ORIGIN,
            heard: BTreeMap::new(),
            closed: BTreeSet::new(),
        }
    }

    /// Dials, up to the identification.
    fn dial(&mut self, line: usize) {
        let (call, link, to) = (own_call(line), own_link(line), identity(peer(line)));
        let (profile, mode) = (Profile::MediumQuality, Mode::FullDuplex);
        self.give(Input::Command(Command::Dial { call, link, to, profile, mode }));
        self.link(link, LinkEvent::Up { rtt: None, mdu: None });
        self.signal(link, Signal::Available);
        let status = self.phone.calls().find(|status| status.call == call);
        assert_eq!(status.map(|status| status.state), Some(CallState::Identified));
    }

    fn link(&mut self, link: LinkId, event: LinkEvent) {
        self.give(Input::Link { link, event });
    }

    fn signal(&mut self, link: LinkId, signal: Signal) {
        let mut buf = [0; 16];
        let length = wire::encode_signals(&[signal], &mut buf).expect("one signal is short");
        self.give(Input::Packet { link, data: &buf[..length] });
    }

    fn advance(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(due) = self.phone.poll_timeout().filter(|due| due.at <= until) {
            self.now = self.now.max(due.at);
            self.give(Input::Timeout);
        }
        self.now = until;
    }

    #[track_caller]
    fn give(&mut self, input: Input<'_>) {
        self.phone.handle_input(self.now, input).expect("the input is one that the phone takes");
        let (mut buf, mut outputs) = (PacketBuf::new(), 0);
        while let Some(output) = self.phone.poll_output(&mut buf) {
            outputs += 1;
            match output {
                Output::Transmit { link, data, .. } => {
                    let packet = Packet::parse(data).expect("what is sent is well formed");
                    // RINGING that goes with BUSY is not counted beside it.
                    self.heard.entry(link).or_default().extend(packet.signals().last());
                }
                Output::Link { link, request: LinkRequest::Close } => _ = self.closed.insert(link),
                _ => {}
            }
        }
        assert!(outputs <= limits::OUTPUTS_PER_INPUT, "{input:?} caused {outputs} outputs");
    }
}

fn own_call(line: usize) -> CallId {
    CallId(line as u64)
}

fn own_link(line: usize) -> LinkId {
    LinkId(100 + line as u64)
}

fn peer(line: usize) -> usize {
    US + 1 + line
}

const US: usize = 0;
