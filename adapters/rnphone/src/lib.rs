//! What the phone `rnphone-rs` is made of, but for the network and the sound: rnphone's folder.
//!
//! ```
//! use rnphone_rs::ini::{Document, EditError, Value};
//!
//! let text = "[phonebook]\n  Mary = f3e8c3359b39d36f3baff0a616a73d3e  # at home\n";
//! let mut config = Document::parse(text.as_bytes()).unwrap();
//! config.rename("phonebook", "Mary", "Mary, mobile")?;
//! let jake = ["b8d80b1b7a9d3147880b366995422a45", "241"].map(str::to_owned);
//! config.set("phonebook", "Jake", &Value::List(jake.to_vec()))?;
//! assert_eq!(
//!     String::from_utf8(config.to_bytes()).unwrap(),
//!     "[phonebook]\n  \"Mary, mobile\" = f3e8c3359b39d36f3baff0a616a73d3e  # at home\n  \
//!      Jake = b8d80b1b7a9d3147880b366995422a45, 241\n"
//! );
//! # Ok::<(), EditError>(())
//! ```

#![forbid(unsafe_code)]

pub mod folder;
pub mod ini;
