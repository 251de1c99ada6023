//! The parts of the live tests: the scene, our phone in it, and the audio on both sides.

pub(crate) mod calls;
pub(crate) mod conversation;
pub(crate) mod endpoint;
pub(crate) mod lossy_path;
pub(crate) mod phone;
pub(crate) mod scene;
pub(crate) mod slow_path;
pub(crate) mod sound;
pub(crate) mod switching;
pub(crate) mod trace;
pub(crate) mod wire;
