//! A whole call between two telephones, without `std`, without a heap, and in no time at all.
//!
//! ```text
//! cargo run --manifest-path core/bare/Cargo.toml --target x86_64-unknown-linux-gnu
//! ```
//!
//! It is the example for firmware. Alice dials Bob; it rings; Bob answers; both talk for three
//! seconds; Alice hangs up. The exit code is 0 when all of that happened, else that of the
//! [`Failure`]. That it links is a proof: with `std` in it there would be two panic handlers, with
//! `alloc` an allocator would be missing.
//!
//! - `device.rs` is what a board does around a [`Telephone`](lxst_core::Telephone): it gives
//!   inputs, drains outputs, and runs codec jobs. It is the part to take along.
//! - `air.rs` stands for the radio and a Reticulum stack: links, packets, a delay.
//! - `linux.rs` stands for the board's start-up code.
//!
//! Here is the loop. On a board there is one device, and the loop sleeps where this one skips:
//! until the telephone's deadline, a packet, or the interrupt with which the audio hardware asks
//! for the next block.

#![no_std]
#![no_main]

mod air;
mod device;
mod linux;

use lxst_core::{
    CallId, Command, EndReason, IdentityHash, Input, InputError, Instant, Mode, Profile, Samples,
};

use crate::air::{Air, Side};
use crate::device::{Device, LINK};

/// What did not happen, as exit code.
#[repr(u8)]
enum Failure {
    Refused = 1,
    NotRung,
    NotEstablished,
    NotHeard,
    NotEnded,
}

fn run() -> Result<(), Failure> {
    let mut now = Instant::ORIGIN;
    let mut air = Air::new();
    let mut alice = Device::new(Side::Alice, ALICE, now);
    let mut bob = Device::new(Side::Bob, BOB, now);

    let (call, link) = (CallId(1), LINK);
    let (profile, mode) = (Profile::MediumQuality, Mode::FullDuplex);
    let dial = Command::Dial { call, link, to: BOB, profile, mode };
    alice.give(now, Input::Command(dial), &mut air)?;
    alice.attach(now, call, &mut air)?;

    let mut next_block = now + BLOCK.duration();
    let mut hang_up = Some(HANG_UP);
    while now < END {
        // What comes next: a deadline, a packet, a block of audio.
        let deadlines = [alice.deadline(), bob.deadline(), air.next_arrival()];
        now = deadlines.into_iter().flatten().fold(next_block, Instant::min).max(now);

        while let Some(arrival) = air.arrival(now) {
            match arrival.to {
                Side::Alice => alice.on_arrival(now, &arrival, &mut air),
                Side::Bob => bob.on_arrival(now, &arrival, &mut air),
            }
        }
        for device in [&mut alice, &mut bob] {
            if device.deadline().is_some_and(|deadline| deadline <= now) {
                device.give(now, Input::Timeout, &mut air)?;
            }
            if next_block <= now {
                device.on_block(now, BLOCK, &mut air)?;
            }
        }
        if next_block <= now {
            next_block = next_block + BLOCK.duration();
        }
        if hang_up.take_if(|moment| *moment <= now).is_some() {
            alice.give(now, Input::Command(Command::HangUp(call)), &mut air)?;
        }
    }

    let (alice, bob) = (alice.story, bob.story);
    let checks = [
        (alice.rang && bob.rang, Failure::NotRung),
        (alice.established && bob.established, Failure::NotEstablished),
        (alice.frames_heard >= FRAMES && bob.frames_heard >= FRAMES, Failure::NotHeard),
        (alice.ended == Some(EndReason::LocalHangup), Failure::NotEnded),
        (bob.ended == Some(EndReason::RemoteHangup), Failure::NotEnded),
    ];
    checks.into_iter().try_for_each(|(happened, failure)| happened.then_some(()).ok_or(failure))
}

impl From<InputError> for Failure {
    /// An input that the telephone refuses shows a mistake in this program.
    fn from(_: InputError) -> Self {
        Self::Refused
    }
}

const ALICE: IdentityHash = IdentityHash([0xa1; 16]);
const BOB: IdentityHash = IdentityHash([0xb0; 16]);
/// What the audio hardware records and plays at once.
const BLOCK: Samples = Samples::from_millis(20);
/// When Alice hangs up: the call stood for three seconds.
const HANG_UP: Instant = Instant::from_millis(3_500);
const END: Instant = Instant::from_millis(4_000);
/// Three seconds are 50 frames; a few are on their way when Alice hangs up.
const FRAMES: u32 = 40;

/// All the memory that a device needs, its stack aside.
const _: () = assert!(size_of::<Device>() <= 31 * 1024);
