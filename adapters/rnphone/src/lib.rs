//! What the phone `rnphone-rs` is made of.
//!
//! [`service`] is the running phone, and [`control`] the protocol by which everything else uses it.
//!
//! [`folder`] finds rnphone's folder, and reads and writes its file `config`. [`settings`] says
//! what it means. [`quiet`] is when the phone does not ring. [`contacts`] changes its phonebook,
//! and says whom a text means and who calls. [`ini`] is the language of the file. [`history`] is
//! the file of past calls. [`network`] finds the way into the mesh. [`voicemail`] takes messages of
//! callers, [`echo`] plays back what they say. [`sounds`] reads files. [`page_key`] is the key of
//! pages.
//!
//! ```
//! use rnphone_rs::contacts::{self, Contact, ContactError};
//! use rnphone_rs::folder::{ConfigFile, Folder, Surroundings};
//! use rnphone_rs::settings::Settings;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let path = std::env::temp_dir().join(format!("rnphone-rs-docs-{}", std::process::id()));
//! # std::fs::create_dir_all(&path)?;
//! let folder = Folder::find(Surroundings::of_process(Some(path.clone())))?;
//! std::fs::write(folder.config(), "[phonebook]\n  Mary = f3e8c3359b39d36f3baff0a616a73d3e  # home\n")?;
//!
//! let mut file = ConfigFile::read(&folder.config())?;
//! let jake = Contact {
//!     name: "Jake, mobile".to_owned(),
//!     hash: "b8d80b1b7a9d3147880b366995422a45".parse()?,
//!     number: Some("241".to_owned()),
//! };
//! file.edit(|config| -> Result<(), ContactError> {
//!     contacts::rename(config, "Mary", "Mary at home")?;
//!     contacts::add(config, &jake)
//! })?;
//! assert_eq!(
//!     std::fs::read_to_string(folder.config())?,
//!     "[phonebook]\n  Mary at home = f3e8c3359b39d36f3baff0a616a73d3e  # home\n  \
//!      \"Jake, mobile\" = b8d80b1b7a9d3147880b366995422a45, 241\n"
//! );
//!
//! let own = lxst_phone::IdentityHash([0; 16]); // that of the phone itself
//! let (settings, skipped) = Settings::read(&folder, &file, own)?;
//! assert_eq!(settings.contacts.find("241"), Ok(jake.hash));
//! assert_eq!(settings.contacts.name(jake.hash, None).to_string(), "Jake, mobile");
//! assert_eq!(skipped, []);
//! # std::fs::remove_dir_all(&path)?;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod answered;
pub mod console;
pub mod contacts;
pub mod control;
pub mod echo;
pub mod echo_cancellation;
pub mod folder;
pub mod history;
pub mod ini;
pub mod network;
#[cfg(all(feature = "notifications", unix, not(target_os = "macos")))]
pub mod notifications;
pub mod page_key;
pub mod quiet;
pub mod raw_audio;
pub mod service;
pub mod settings;
pub mod sounds;
pub mod terminal;
pub mod voicemail;
pub mod wav;
pub mod words;

pub use answered::AnswerError;
