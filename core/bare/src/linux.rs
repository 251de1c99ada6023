//! What stands in for the board's start-up code: the way in and out of a Linux process.

use core::arch::{asm, global_asm};
use core::panic::PanicInfo;

use crate::run;

// A process begins with an aligned stack and no caller; a function expects to be called.
global_asm!(".globl _start", "_start: xor ebp, ebp", "call {begin}", begin = sym begin);

extern "C" fn begin() -> ! {
    match run() {
        Ok(()) => exit(0),
        Err(failure) => exit(failure as u8),
    }
}

fn exit(code: u8) -> ! {
    // SAFETY: exit_group takes one number, touches no memory of ours, and does not return.
    unsafe { asm!("syscall", in("rax") EXIT_GROUP, in("rdi") u64::from(code), options(noreturn)) }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit(PANICKED)
}

/// The compiled `core` names it for unwinding, which never happens.
// SAFETY: nothing else in this program has the name.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

const EXIT_GROUP: u64 = 231;
const PANICKED: u8 = 101;
