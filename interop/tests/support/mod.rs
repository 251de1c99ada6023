//! What the live tests are made of: a scene, our phone in it, and what is said and heard.

pub(crate) mod conversation;
pub(crate) mod lossy_path;
pub(crate) mod phone;
pub(crate) mod scene;
pub(crate) mod slow_path;
pub(crate) mod sound;
pub(crate) mod switching;
pub(crate) mod trace;
pub(crate) mod wire;
