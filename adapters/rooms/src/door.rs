//! The doors of client and server: what goes in, what comes out.

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;
use lxst_core::wire::Overflow;
use lxst_core::{Class, LinkEvent, LinkId, LinkRequest};

use crate::limits::{OUTBOX, PACKET_BYTES};

/// One thing that happened. `C` is what the app wants: a command of the server or of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum Input<'a, C> {
    /// The deadline of `poll_timeout` has passed. An early one has no effect.
    Timeout,
    /// A decrypted packet of context NONE arrived on a link.
    Packet {
        link: LinkId,
        /// The plaintext.
        data: &'a [u8],
    },
    /// The network reports something of a link.
    Link { link: LinkId, event: LinkEvent },
    /// The app wants something.
    Command(C),
}

/// One thing for the driver to do, in the order of the outputs. `E` is what the app is told: an
/// event of the server or of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum Output<E> {
    /// Send a packet of context NONE on a link, without a receipt.
    Transmit {
        link: LinkId,
        /// How the packet is treated when the network stalls. Voice, and the end of it, is
        /// [`Class::Media`].
        class: Class,
        /// The plaintext. Copies of it for several links share their bytes.
        data: Bytes,
    },
    /// Do this with a link.
    Link { link: LinkId, request: LinkRequest },
    /// Tell the app.
    Event(E),
}

/// Why an input was refused. A refused input changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// Outputs wait: drain them with `poll_output` and give the input again.
    #[error("outputs wait: drain poll_output and give the input again")]
    OutputFull,
    /// There is no such member.
    #[error("no such member: it has left")]
    UnknownMember,
    /// There is no such room.
    #[error("no such room")]
    UnknownRoom,
    /// The server has as many rooms as it may have.
    #[error("the server has {0} rooms, which is the bound")]
    TooManyRooms(usize),
    /// The default room, which has the lowest number, stays.
    #[error("the default room cannot be removed")]
    DefaultRoom,
    /// The client is not a member of a server.
    #[error("not a member of a server: join first")]
    NotJoined,
    /// The client is in no room.
    #[error("in no room: enter one first")]
    NoRoom,
    /// The client has a link already.
    #[error("a link is in use: leave first")]
    InUse,
    /// The client may not speak: it is in no room, muted, or the room is not for it to speak in.
    #[error("not heard here: in no room, muted, or not a speaker of this room")]
    CannotSpeak,
    /// The frame is not of the profile of the room.
    #[error("frame is not of the room's profile")]
    BadFrame,
    /// The packet has no voice of the station's profile, or is too long for a link.
    #[error("packet is no voice of the station's profile, or longer than 431 bytes")]
    BadPacket,
    /// The station relays another one.
    #[error("the station relays another one: stop the relay first")]
    Relays,
    /// The station to relay is the station itself.
    #[error("a station cannot relay itself")]
    OwnStation,
}

/// What waits to be polled, and the buffer in which packets are written.
#[derive(Clone, Debug)]
pub(crate) struct Outbox<E> {
    queue: VecDeque<Output<E>>,
    scratch: Vec<u8>,
}

impl<E> Default for Outbox<E> {
    fn default() -> Self {
        Self::with_packets_of(PACKET_BYTES)
    }
}

impl<E> Outbox<E> {
    /// Makes an outbox for packets of at most so many bytes.
    pub(crate) fn with_packets_of(bytes: usize) -> Self {
        Self { queue: VecDeque::new(), scratch: vec![0; bytes] }
    }

    pub(crate) fn has_room(&self) -> bool {
        self.queue.len() < OUTBOX
    }

    pub(crate) fn pop(&mut self) -> Option<Output<E>> {
        self.queue.pop_front()
    }

    pub(crate) fn transmit(&mut self, link: LinkId, class: Class, data: Bytes) {
        self.queue.push_back(Output::Transmit { link, class, data });
    }

    pub(crate) fn link(&mut self, link: LinkId, request: LinkRequest) {
        self.queue.push_back(Output::Link { link, request });
    }

    pub(crate) fn event(&mut self, event: E) {
        self.queue.push_back(Output::Event(event));
    }

    /// Writes a packet.
    pub(crate) fn packet(
        &mut self,
        encode: impl FnOnce(&mut [u8]) -> Result<usize, Overflow>,
    ) -> Bytes {
        let length = encode(&mut self.scratch);
        debug_assert!(length.is_ok(), "packets are bounded by PACKET_BYTES");
        Bytes::copy_from_slice(self.scratch.get(..length.unwrap_or(0)).unwrap_or_default())
    }
}
