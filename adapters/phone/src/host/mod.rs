//! What a phone takes from the operating system, whatever the runtime: files, random bytes, the wall
//! clock, the codec thread.

mod coder_thread;
mod identity_file;
mod lock;
mod private_file;
mod random;
#[cfg(feature = "trace")]
mod recording;
mod wall_clock;

pub use coder_thread::CoderThread;
pub use identity_file::{IdentityFileError, load_or_create_identity};
pub(crate) use lock::FolderLock;
pub use private_file::{
    create_private_file, create_private_folder, read_regular_file, replace_private_file,
};
pub use random::OsRng;
#[cfg(feature = "trace")]
pub use recording::{BACKLOG, RecordError, record, record_to};
pub use wall_clock::unix_time;
