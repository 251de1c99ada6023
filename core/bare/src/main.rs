//! A program without an operating system's help. That it links is the proof: with `std` in the
//! graph there are two panic handlers, with `alloc` an allocator is missing. It is never run.
//!
//! ```text
//! cargo build --manifest-path core/bare/Cargo.toml --target x86_64-unknown-linux-gnu
//! ```

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use lxst_core::wire::{Frame, encode_frames};
use lxst_core::{Config, IdentityHash, Input, Instant, LinkId, PacketBuf, Telephone};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut phone =
        Telephone::new(IdentityHash([1; 16]), black_box(Config::default()), Instant::ORIGIN);
    let mut buf = PacketBuf::new();
    let mut now = Instant::ORIGIN;
    loop {
        // Every input and output is reached from these two doors.
        let _ = phone.handle_input(now, black_box(Input::Timeout));
        while let Some(output) = phone.poll_output(&mut buf) {
            black_box(output);
        }
        let packet = Input::Packet { link: LinkId(1), data: black_box(&[0x80]) };
        let _ = phone.handle_input(now, packet);
        let _ = black_box(encode_frames(black_box(&[] as &[Frame<'_>]), &mut [0; 8]));
        now = phone.poll_timeout().map_or(now, |deadline| deadline.at);
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// The compiled `core` names it for unwinding, which never happens.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
