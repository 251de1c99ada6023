//! On the app's stack.

use lxst_core::IdentityHash;

use crate::builder::PhoneBuilder;
use crate::links::LinkPort;
use crate::network::port::AppStack;
use crate::runtime::Runtime;

impl<R: Runtime> PhoneBuilder<R, AppStack> {
    /// Begins a phone on another Reticulum stack, which runs in the app and holds the identity: its
    /// hash is all that the phone needs. The app serves the port.
    #[must_use]
    pub fn on_links(identity: IdentityHash) -> (Self, LinkPort) {
        Self::with_ids(|ids| AppStack::new(identity, ids))
    }
}
