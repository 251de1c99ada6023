//! Random bytes of the operating system.

use lxst_reticulum::Rng;

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRng;

impl Rng for OsRng {
    /// # Panics
    /// Where the operating system has no random bytes: a phone without them could be impersonated.
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        if let Err(error) = getrandom::fill(dest) {
            panic!("the operating system gives no random bytes: {error}");
        }
    }
}
