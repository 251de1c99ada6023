//! What a runtime takes from the operating system, the same for each: random bytes, the wall clock,
//! identity files and the codec thread. The engine itself uses none of it.

mod coder_thread;
mod identity_file;
mod private_file;
mod random;
mod wall_clock;

pub use coder_thread::CoderThread;
pub use identity_file::{IdentityFileError, load_or_create_identity};
pub use private_file::{
    create_private_file, create_private_folder, read_regular_file, replace_private_file,
};
pub use random::OsRng;
pub use wall_clock::unix_time;
