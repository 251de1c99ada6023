//! Services of the operating system that need no async runtime: files, random bytes, the wall
//! clock, the codec thread.

mod coder_thread;
#[cfg(feature = "endpoint")]
mod identity_file;
// As the endpoint's own crates.
#[cfg(feature = "endpoint")]
#[clippy::msrv = "1.89"]
mod lock;
mod private_file;
#[cfg(feature = "endpoint")]
mod random;
#[cfg(feature = "trace")]
mod recording;
#[cfg(feature = "endpoint")]
mod wall_clock;

pub use coder_thread::{CoderOutput, CoderThread};
#[cfg(feature = "endpoint")]
pub use identity_file::{IdentityFileError, load_or_create_identity};
#[cfg(feature = "endpoint")]
pub(crate) use lock::FolderLock;
pub use private_file::{
    create_private_file, create_private_folder, read_regular_file, replace_private_file,
};
#[cfg(feature = "endpoint")]
pub use random::OsRng;
#[cfg(feature = "trace")]
pub use recording::{BACKLOG, RecordError, record, record_to};
#[cfg(feature = "endpoint")]
pub use wall_clock::unix_time;
