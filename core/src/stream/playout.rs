//! The jitter buffer: when to decode, how fast to play, when to conceal (PLC). The speaker's
//! consumption is the playout clock.
//!
//! 1. Playout starts with the first frame. The delay grows to what jitter needs: audio that is
//!    concealed because a frame came late stays as delay.
//! 2. Audio that the speaker's next block will lack is concealed at the last moment, a quarter of a
//!    block ahead.
//! 3. Headroom that no frame of the last seconds needed is shed: frames are time-compressed, and
//!    frames in pauses are skipped. When headroom is nearly gone, short frames are time-stretched.
//! 4. After one stall of the network, of the speaker or of our own process, the delay that it left
//!    is shed at once. What time-compression cannot shed in time is dropped and counted. Delay that
//!    repeated stalls of the network need is kept.
//! 5. When the peer pauses (DTX), the delay starts anew: the first frame of the next talk spurt is
//!    held back for the jitter measured before the pause.
//! 6. While packets bring a copy of the frame before, headroom of one frame is kept for it.
//! 7. A batch of a talker's frames comes at once and is held whole.

mod numbered;

use core::fmt;

use super::batches::Arrival;
use super::headroom::{Headroom, signed};
use super::ring::{Dropped, FrameRing};
use super::stalls::{DetectedStall, Stalls};
use crate::audio::Samples;
use crate::counters::Counters;
use crate::input::PortChange;
use crate::limits::{
    CATCH_UP, CONCEALMENT, CONCEALMENT_AHEAD, CONCEALMENT_STEP, COPIES_AWAITED, FRAME_BYTES,
    MAX_BLOCK, MAX_EXCESS, MAX_PLAYOUT, MAX_PREBUFFER, MAX_SKIP, MIN_HEADROOM, MIN_SHED,
    PAUSE_LEVEL, PLAYOUT_LEAD, SPEAKER_LATE, TEMPO_HELD,
};
use crate::outbox::Ticket;
use crate::output::Tempo;
use crate::time::Instant;
use crate::wire::Frame;
use numbered::Numbered;

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Playout<const RING: usize> {
    ring: FrameRing<RING>,
    phase: Phase,
    headroom: Headroom,
    stalls: Stalls,
    catching_up: CatchingUp,
    /// When the latest packet with a copy of the frame before arrived.
    copied: Option<Instant>,
    /// Length of the latest frame, at normal tempo.
    frame: Samples,
    /// Audio in the playout queue.
    ready: Samples,
    speaker: Speaker,
    last: Played,
    /// Audio missing because frames were lost or dropped, concealed or silent, in this session.
    missing: Samples,
    /// Silence before the audio that plays. It becomes missing audio if there was no pause.
    silent: Samples,
    /// Length of the frame, or of the gap, that is with the decoder.
    decoding: Option<Samples>,
    numbered: Numbered,
    /// Payload of the latest decode job.
    payload: [u8; FRAME_BYTES],
    length: usize,
    /// Whether that payload waits to be polled.
    frame_waits: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing plays. The oldest frame arrived at `since` and is held back for `prebuffer`.
    /// `silent` is the silence since the peer seemed to pause.
    Prebuffering { since: Option<Instant>, prebuffer: Samples, silent: Option<Samples> },
    /// Frames play. `concealed` was concealed in a row; `starved` was silent after that.
    Playing { concealed: Samples, starved: Samples },
}

/// What happens to excess delay that time-compression does not shed in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum CatchingUp {
    /// It stays until time-compression sheds it.
    #[default]
    No,
    /// It is dropped [`CATCH_UP`] after its size is known.
    Soon,
    /// It is dropped at this moment.
    Until(Instant),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Speaker {
    is_attached: bool,
    /// When it took a block again after its latest stall.
    resumed: Option<Instant>,
    /// Length of its latest block.
    block: Samples,
    /// When it took that block.
    took: Instant,
    /// Audio that arrived since then, and would miss the next block if there were no headroom.
    missed: Samples,
}

/// The jitter buffer's part of the quality report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlayoutQuality {
    pub(super) frame: Samples,
    /// Average wait of a frame between arrival and playout.
    pub(super) delay: Samples,
    /// Difference between the earliest and the latest arrival.
    pub(super) jitter: Samples,
    /// Audio missing because frames were lost or dropped, concealed or silent, in this session.
    pub(super) missing: Samples,
}

/// How the latest frames played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Played {
    tempo: Tempo,
    /// Frames in a row at normal tempo.
    normal: u8,
    level: u8,
}

impl Played {
    const fn is_faster(&self) -> bool {
        matches!(self.tempo, Tempo::Faster { .. })
    }
}

impl<const RING: usize> Playout<RING> {
    pub(super) fn open(&mut self, frame: Samples) {
        self.frame = frame;
    }

    pub(super) fn close(&mut self) {
        self.ring.clear();
        self.phase = Phase::START;
        self.headroom = Headroom::default();
        self.stalls = Stalls::default();
        self.catching_up = CatchingUp::No;
        self.copied = None;
        self.ready = Samples::ZERO;
        self.last = Played::default();
        self.missing = Samples::ZERO;
        self.silent = Samples::ZERO;
        self.decoding = None;
        self.numbered = Numbered::default();
    }

    pub(super) const fn is_attached(&self) -> bool {
        self.speaker.is_attached
    }

    /// Returns the length of one frame of the peer, as far as known.
    pub(super) const fn frame(&self) -> Samples {
        self.frame
    }

    pub(super) fn heard(&self) -> PlayoutQuality {
        PlayoutQuality {
            frame: self.frame,
            delay: self.headroom.mean() + self.speaker.block,
            jitter: self.headroom.jitter(),
            missing: self.missing,
        }
    }

    pub(super) fn on_port(&mut self, change: PortChange, counters: &mut Counters) {
        if self.is_attached() == (change == PortChange::Attached) {
            return;
        }
        self.speaker = Speaker { is_attached: change == PortChange::Attached, ..self.speaker };
        self.flush(counters);
    }

    /// Drops the frames that wait.
    pub(super) fn flush(&mut self, counters: &mut Counters) {
        let waiting = u64::try_from(self.ring.frames()).unwrap_or(u64::MAX);
        counters.frames_unheard = counters.frames_unheard.saturating_add(waiting);
        self.ring.clear();
        self.prebuffer(Samples::ZERO, None);
    }

    /// Adds a frame of this length.
    pub(super) fn on_frame(
        &mut self,
        now: Instant,
        frame: Frame<'_>,
        samples: Samples,
        arrival: Arrival,
        counters: &mut Counters,
    ) -> Result<(), ()> {
        let found = signed(self.held()).saturating_sub(signed(self.speaker.passed(now)));
        let mut dropped = self.ring.push(frame, samples).map_err(|_| ())?;
        self.numbered.is_over = false;
        self.on_length(samples);
        match &mut self.phase {
            Phase::Prebuffering { since, .. } => _ = since.get_or_insert(now),
            Phase::Playing { .. } => self.headroom.on_found(found),
        }
        if self.headroom.is_watched() && self.speaker.is_about_to_take(now) {
            self.speaker.missed = self.speaker.missed + samples;
        }
        let most = MAX_PLAYOUT + arrival.batch.max(samples) + self.speaker.block;
        while self.ring.frames() > 1 && self.held() > most {
            self.ring.drop_oldest(&mut dropped);
        }
        let found = found.saturating_sub(signed(dropped.samples));
        self.on_dropped(dropped, counters);
        let Arrival { packet, batch } = arrival;
        let shown = packet.and_then(|length| self.stalls.on_arrival(now, length, batch));
        if let Some(shown) = shown {
            self.on_stall(now, found, shown, counters);
        }
        Ok(())
    }

    /// Handles a packet with copies: a lost frame will come with the one after it.
    pub(super) const fn await_copies(&mut self, now: Instant) {
        self.copied = Some(now);
    }

    /// Adds a copy of a missing frame of this length. The frame after it follows.
    pub(super) fn on_copy(
        &mut self,
        now: Instant,
        frame: Frame<'_>,
        samples: Samples,
        counters: &mut Counters,
    ) -> Result<(), ()> {
        let dropped = self.ring.push(frame, samples).map_err(|_| ())?;
        if let Phase::Prebuffering { since, .. } = &mut self.phase {
            since.get_or_insert(now);
        }
        self.on_dropped(dropped, counters);
        Ok(())
    }

    /// Handles a block that the speaker took, where a batch is this long at most.
    pub(super) fn on_consumed(
        &mut self,
        now: Instant,
        samples: Samples,
        is_pause: bool,
        batch: Samples,
    ) {
        let starved = samples - self.ready;
        self.ready = self.ready - samples;
        let missed = signed(core::mem::take(&mut self.speaker.missed));
        if self.speaker.on_taken(now, samples) {
            self.headroom.restart();
            self.catching_up = CatchingUp::Soon;
        }
        match &mut self.phase {
            Phase::Prebuffering { silent, .. } => {
                *silent = silent.map(|silent| silent + starved);
            }
            Phase::Playing { starved: in_a_row, .. } => {
                *in_a_row = *in_a_row + starved;
                let silent = *in_a_row;
                if is_pause && self.held().is_zero() {
                    let learnt =
                        self.stalls.repeated(now).map_or(0, |(length, _)| length.0 / 4 * 3);
                    let jitter = self.headroom.jitter().min(MAX_PREBUFFER);
                    let prebuffer = jitter.max(Samples(learnt)).max(self.for_copies(now));
                    self.prebuffer(prebuffer, Some(silent));
                } else {
                    let held = signed(self.held());
                    self.headroom.on_block_taken(now, held - missed.min(held), batch);
                }
            }
        }
    }

    pub(super) fn on_decoded(
        &mut self,
        tempo: Tempo,
        samples: Samples,
        level: u8,
        counters: &mut Counters,
    ) {
        let frame = self.decoding.take().unwrap_or(self.frame);
        self.ready = self.ready + samples;
        let was_faster = self.last.is_faster();
        let normal = if tempo == Tempo::Normal { self.last.normal.saturating_add(1) } else { 0 };
        self.last = Played { tempo, normal, level };
        // Exact over several frames: the decoder may hold back audio of one for the next.
        match tempo {
            Tempo::Normal if was_faster => counters.shed = counters.shed + frame - samples,
            Tempo::Normal => {}
            Tempo::Faster { .. } | Tempo::Skip => counters.shed = counters.shed + frame - samples,
            Tempo::Slower => counters.expanded = counters.expanded + samples - frame,
        }
        self.shift(signed(samples) - signed(frame));
    }

    /// Handles a frame that the decoder refused.
    pub(super) fn on_undecodable(&mut self) {
        let frame = self.decoding.take().unwrap_or(self.frame);
        self.shift(signed(frame).saturating_neg());
    }

    pub(super) fn on_concealed(&mut self, samples: Samples, counters: &mut Counters) {
        self.ready = self.ready + samples;
        self.silent = Samples::ZERO;
        counters.concealed = counters.concealed + samples;
        match self.decoding.take() {
            Some(gap) => self.on_gap_concealed(gap, samples),
            None => self.headroom.on_missing(samples),
        }
    }

    pub(super) fn next_job(&mut self, now: Instant, counters: &mut Counters) -> Option<Ticket> {
        if !self.is_attached() || self.decoding.is_some() || self.frame_waits {
            return None;
        }
        if let Some(due) = self.shortage() {
            let Phase::Playing { concealed, .. } = &mut self.phase else { return None };
            if now < due.at {
                return None;
            }
            *concealed = *concealed + due.samples;
            return Some(Ticket::Conceal { samples: due.samples });
        }
        if self.ready >= PLAYOUT_LEAD.max(self.speaker.block) || self.is_held_back(now) {
            return None;
        }
        if let Some(gap) = self.next_gap() {
            return Some(gap);
        }
        let least = self.least(now).map(|least| self.catch_up(now, least, counters));
        let kept = self.ring.pop(&mut self.payload)?;
        let tempo = least.map_or(Tempo::Normal, |least| self.tempo(least, kept.samples));
        (self.decoding, self.length, self.frame_waits) = (Some(kept.samples), kept.bytes, true);
        match self.phase {
            Phase::Playing { concealed, starved } => {
                // There was no pause.
                self.missing = self.missing + concealed + starved;
                counters.starved = counters.starved + starved;
            }
            Phase::Prebuffering { silent, .. } => self.silent = silent.unwrap_or(Samples::ZERO),
        }
        self.phase = Phase::Playing { concealed: Samples::ZERO, starved: Samples::ZERO };
        Some(Ticket::Decode { codec: kept.codec, tempo })
    }

    /// Returns when audio is concealed if no frame comes before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.shortage().filter(|_| self.is_attached()).map(|shortage| shortage.at)
    }

    pub(super) fn write_frame<'b>(&mut self, buf: &'b mut [u8]) -> &'b [u8] {
        self.frame_waits = false;
        // A frame has at most FRAME_BYTES, which is less than PACKET_BYTES.
        let payload = &mut buf[..self.length];
        payload.copy_from_slice(&self.payload[..self.length]);
        payload
    }

    /// Returns the headroom that neither a recent frame nor a repeated stall needed, nor a copy
    /// will need.
    fn least(&self, now: Instant) -> Option<i32> {
        let expected = self.stalls.repeated(now).map(|(_, low)| low);
        let least = match (self.headroom.least(), expected) {
            (Some(least), Some(expected)) => Some(least.min(expected)),
            (least, expected) => least.or(expected),
        };
        least.map(|least| least.saturating_sub(signed(self.for_copies(now))))
    }

    /// Returns the delay of copies: one frame while the peer sends them.
    fn for_copies(&self, now: Instant) -> Samples {
        match self.copied {
            Some(copied) if now.since(copied) < COPIES_AWAITED => self.frame,
            _ => Samples::ZERO,
        }
    }

    /// Drops the excess delay that time-compression cannot shed in time. Returns the headroom left.
    fn catch_up(&mut self, now: Instant, mut least: i32, counters: &mut Counters) -> i32 {
        let frame = signed(self.frame);
        if least < HEADROOM_KEPT + frame {
            self.catching_up = CatchingUp::No;
            return least;
        }
        let until = match self.catching_up {
            CatchingUp::No if least < HEADROOM_KEPT + frame + signed(MAX_EXCESS) => return least,
            CatchingUp::No | CatchingUp::Soon => now + CATCH_UP,
            CatchingUp::Until(until) => until,
        };
        self.catching_up = CatchingUp::Until(until);
        let can_be_shed = signed(Samples::of(until.since(now))) / SHED_SHARE;
        let mut dropped = Dropped::default();
        while least >= HEADROOM_KEPT + frame + can_be_shed && self.ring.frames() > 1 {
            let before = dropped.samples;
            self.ring.drop_oldest(&mut dropped);
            least -= signed(dropped.samples - before);
        }
        self.on_dropped(dropped, counters);
        least
    }

    /// Returns the tempo of the next frame, given the headroom that is not needed.
    fn tempo(&self, headroom: i32, frame: Samples) -> Tempo {
        let most_shed = signed(frame) / 4;
        let keep = HEADROOM_KEPT.min(most_shed);
        let to_hold = if self.last.is_faster() { 0 } else { signed(TEMPO_HELD) };
        let to_shed = headroom.saturating_sub(keep + to_hold);
        let is_pause = self.last.level >= PAUSE_LEVEL && frame <= MAX_SKIP;
        if headroom >= keep + signed(frame) && is_pause {
            Tempo::Skip
        } else if to_shed >= signed(MIN_SHED).min(most_shed) {
            let most = u64::try_from(to_shed.min(most_shed)).unwrap_or(0);
            Tempo::Faster { most: Samples(most) }
        } else if (0..keep).contains(&headroom)
            && most_shed <= signed(PLAYOUT_LEAD)
            && self.last.normal >= STEADY
        {
            Tempo::Slower
        } else {
            Tempo::Normal
        }
    }

    /// Handles frames that arrived many at once: the network or our own process stalled.
    fn on_stall(
        &mut self,
        now: Instant,
        found: i32,
        shown: DetectedStall,
        counters: &mut Counters,
    ) {
        self.headroom.restart();
        self.catching_up = CatchingUp::Soon;
        // The silence was no pause.
        let silent = self.silent.min(shown.grown);
        self.silent = self.silent - silent;
        self.missing = self.missing + silent;
        counters.starved = counters.starved + silent;
        // If the speaker stalled too, more delay would not have helped.
        if self.speaker.resumed.is_none_or(|resumed| resumed < shown.began) {
            self.stalls.remember(now, shown, found.saturating_sub(signed(shown.length)));
        }
    }

    fn on_dropped(&mut self, dropped: Dropped, counters: &mut Counters) {
        if !dropped.samples.is_zero() {
            counters.frames_shed = counters.frames_shed.saturating_add(dropped.frames);
            counters.dropped = counters.dropped + dropped.samples;
            self.missing = self.missing + dropped.samples;
            self.shift(signed(dropped.samples).saturating_neg());
        }
    }

    /// Adds to all recorded headroom.
    fn shift(&mut self, by: i32) {
        if by != 0 {
            self.headroom.shift(by);
            self.stalls.shift(by);
        }
    }

    /// Returns the audio to conceal for the speaker's next block, and when.
    fn shortage(&self) -> Option<Shortage> {
        let Phase::Playing { concealed, .. } = self.phase else { return None };
        let is_fed = self.ring.frames() > 0 || self.decoding.is_some();
        if is_fed || self.ready >= self.speaker.block || self.is_over() {
            return None;
        }
        let lacking = (self.speaker.block - self.ready).max(CONCEALMENT_STEP);
        let samples = lacking.min(CONCEALMENT.max(self.frame) - concealed);
        (!samples.is_zero()).then(|| Shortage { at: self.speaker.latest_concealment(), samples })
    }

    fn is_held_back(&self, now: Instant) -> bool {
        match self.phase {
            Phase::Prebuffering { since: Some(since), prebuffer, .. } if !self.is_over() => {
                now < since + prebuffer.duration() && self.held() < prebuffer + self.frame
            }
            Phase::Prebuffering { .. } | Phase::Playing { .. } => false,
        }
    }

    fn on_length(&mut self, frame: Samples) {
        if core::mem::replace(&mut self.frame, frame) != frame {
            self.headroom.restart();
            self.catching_up = CatchingUp::Soon;
        }
    }

    fn prebuffer(&mut self, prebuffer: Samples, silent: Option<Samples>) {
        self.phase = Phase::Prebuffering { since: None, prebuffer, silent };
        self.headroom = Headroom::default();
    }

    /// Returns all audio that waits to play: decoded, with the decoder, and in the ring.
    fn held(&self) -> Samples {
        self.ready + self.ring.samples() + self.decoding.unwrap_or(Samples::ZERO)
    }
}

struct Shortage {
    at: Instant,
    samples: Samples,
}

impl Speaker {
    /// Records a block. Returns whether the speaker had stalled before it.
    fn on_taken(&mut self, now: Instant, samples: Samples) -> bool {
        let lasted = now.since(self.took);
        let was_stalled = !self.block.is_zero() && lasted >= self.block.duration() + SPEAKER_LATE;
        if was_stalled {
            self.resumed = Some(now);
        }
        (self.took, self.block) = (now, samples.min(MAX_BLOCK));
        was_stalled
    }

    /// Returns the part of the latest block that has played.
    fn passed(&self, now: Instant) -> Samples {
        Samples::of(now.since(self.took)).min(self.block)
    }

    fn is_about_to_take(&self, now: Instant) -> bool {
        now > self.latest_concealment() && now <= self.took + self.block.duration()
    }

    /// Returns the latest moment to conceal the audio that the next block lacks.
    fn latest_concealment(&self) -> Instant {
        let ahead = Samples(self.block.0 / 4).min(CONCEALMENT_AHEAD);
        self.took + (self.block - ahead).duration()
    }
}

impl Phase {
    const START: Self = Self::Prebuffering { since: None, prebuffer: Samples::ZERO, silent: None };
}

impl<const RING: usize> Default for Playout<RING> {
    fn default() -> Self {
        Self {
            ring: FrameRing::new(),
            phase: Phase::START,
            headroom: Headroom::default(),
            stalls: Stalls::default(),
            catching_up: CatchingUp::No,
            copied: None,
            frame: Samples::ZERO,
            ready: Samples::ZERO,
            speaker: Speaker::default(),
            last: Played::default(),
            missing: Samples::ZERO,
            silent: Samples::ZERO,
            decoding: None,
            numbered: Numbered::default(),
            payload: [0; FRAME_BYTES],
            length: 0,
            frame_waits: false,
        }
    }
}

impl<const RING: usize> fmt::Debug for Playout<RING> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Playout")
            .field("ring", &self.ring)
            .field("phase", &self.phase)
            .field("headroom", &self.headroom)
            .field("stalls", &self.stalls)
            .field("catching_up", &self.catching_up)
            .field("copied", &self.copied)
            .field("frame", &self.frame)
            .field("ready", &self.ready)
            .field("speaker", &self.speaker)
            .field("last", &self.last)
            .field("missing", &self.missing)
            .field("silent", &self.silent)
            .field("decoding", &self.decoding)
            .field("numbered", &self.numbered)
            .finish_non_exhaustive()
    }
}

/// Frames in a row at normal tempo before one is time-stretched.
const STEADY: u8 = 2;

/// [`MIN_HEADROOM`] in the units of [`Headroom`].
const HEADROOM_KEPT: i32 = MIN_HEADROOM.0 as i32;

/// Time-compression sheds a fifth of the playing time.
const SHED_SHARE: i32 = 5;
