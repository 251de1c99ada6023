//! The random number generator of the operating system.

use lxst_reticulum::Rng;

/// The random number generator of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRng;

impl Rng for OsRng {
    /// # Panics
    /// If the operating system has no random bytes: without them a phone could be impersonated.
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        if let Err(error) = getrandom::fill(dest) {
            panic!("the operating system gives no random bytes: {error}");
        }
    }
}
