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

use lxst_core::wire::{Packet, Signal, encode_frames, encode_signals};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut out = [0; 64];
    let _ = black_box(encode_signals(black_box(&[Signal::Available]), &mut out));
    if let Ok(packet) = Packet::parse(black_box(&[0x81, 0x01, 0xc4, 0x01, 0x01])) {
        black_box(packet.signals().count());
        for frame in packet.frames().flatten() {
            let _ = black_box(encode_frames(&[frame], &mut out));
        }
    }
    loop {
        core::hint::spin_loop();
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
