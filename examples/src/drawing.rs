//! The file of a drawing.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Writes a drawing. Replaces an earlier drawing of that name, and no other file.
///
/// # Errors
/// The file is no drawing, or the operating system's error.
pub fn save(path: &Path, drawing: &impl Display) -> io::Result<()> {
    let mut begins = [0; 4];
    match File::open(path).and_then(|mut file| file.read_exact(&mut begins)) {
        Ok(()) if &begins != b"<svg" => {
            let problem = "a file that is no drawing has the name; give another";
            Err(io::Error::new(ErrorKind::AlreadyExists, problem))
        }
        _ => fs::write(path, drawing.to_string()),
    }
}
