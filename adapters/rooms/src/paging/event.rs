//! The doors of a pager.

use alloc::string::String;

use bytes::Bytes;

use super::config::GroupId;
use super::seal::PageId;

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PagerInput<'a> {
    /// The deadline of `poll_timeout` has passed. An early one has no effect.
    Timeout,
    /// The data of a PLAIN packet arrived.
    Packet(&'a [u8]),
    /// The app wants something.
    Command(PagerCommand<'a>),
}

/// What the app wants of a pager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum PagerCommand<'a> {
    /// Begin a page. The page that is heard ends.
    Press {
        group: GroupId,
        /// By chance, new for each page: the same number with the same key would give the page away.
        page: PageId,
        is_urgent: bool,
    },
    /// Send a packet of voice of at most [`PAGE_VOICE`](crate::limits::PAGE_VOICE) bytes, as a
    /// [`Radio`](lxst_core::talk::Radio) sends it. A packet without a number gets one.
    Send(&'a [u8]),
    /// End the page.
    Release,
}

/// One thing for the driver to do, in the order of the outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PagerOutput {
    /// Send these data as a PLAIN packet.
    Broadcast(Bytes),
    /// Tell the app.
    Event(PagerEvent),
}

/// What the app of a pager is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum PagerEvent {
    /// A page begins, and its voice follows.
    Began {
        group: GroupId,
        page: PageId,
        is_urgent: bool,
        /// Who pages, if that was not lost. Anybody with the key can claim any name.
        name: Option<String>,
    },
    /// Voice of the page: a packet of frames, mostly with the number of the first one.
    Voice(Bytes),
    /// The page that was heard is over.
    Ended(PageId),
    /// Our own page is over: its time is up.
    TimeUp,
}

/// Why an input was refused. A refused input changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PagerError {
    /// Outputs wait: drain them with `poll_output` and give the input again.
    #[error("outputs wait: drain poll_output and give the input again")]
    OutputFull,
    /// There is no such group.
    #[error("no such group")]
    UnknownGroup,
    /// A page of ours goes on.
    #[error("a page goes on: release it first")]
    Pressed,
    /// No page of ours goes on.
    #[error("no page goes on: press first")]
    NotPressed,
    /// The number of the page was used, or there were too many pages in the last minutes.
    #[error("the page needs a number by chance, or there were too many pages: wait some minutes")]
    RefusedPage,
    /// The packet has no voice, or is too long.
    #[error("packet has no voice, or is longer than 430 bytes")]
    BadPacket,
}

/// What a pager dropped since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PagerCounters {
    /// Packets of another form, or without voice.
    pub malformed: u64,
    /// Packets whose stamp differs too much from our clock. Many of them: one of the clocks is wrong.
    pub stale: u64,
    /// Packets that came before, or belong to a page that is over.
    pub repeated: u64,
    /// Packets that no key of ours opens.
    pub foreign: u64,
    /// Packets of more pages than are remembered.
    pub refused: u64,
    /// Packets of pages that were not played: by the group's rule, or because another one is.
    pub unheard: u64,
}
