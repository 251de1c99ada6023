//! Requests of HTTP/1.0 to a program on this machine.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use serde_json::Value;

use crate::PATIENCE;

/// What is sent along.
pub(crate) enum Body<'a> {
    None,
    Json(&'a Value),
    /// A file, as a form sends it.
    File {
        name: &'a str,
        file: &'a [u8],
    },
}

/// Makes a request at a port on loopback. Returns what the reply holds; any but a success is an
/// error, and so is one that does not come within a minute.
pub(crate) fn request(port: u16, method: &str, path: &str, body: Body<'_>) -> io::Result<Vec<u8>> {
    let (kind, body) = match body {
        Body::None => ("text/plain".to_owned(), Vec::new()),
        Body::Json(value) => ("application/json".to_owned(), value.to_string().into_bytes()),
        Body::File { name, file } => {
            (format!("multipart/form-data; boundary={BOUNDARY}"), form(name, file))
        }
    };
    let mut peer = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    peer.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    write!(
        peer,
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {kind}\r\n\
         Content-Length: {length}\r\n\r\n"
    )?;
    peer.write_all(&body)?;
    let mut reply = Vec::new();
    peer.read_to_end(&mut reply)?;
    let head = reply.windows(END.len()).position(|bytes| bytes == END);
    let content = reply.split_off(head.map_or(reply.len(), |at| at + END.len()));
    match reply.split(|byte| *byte == b' ').nth(1) {
        Some([b'2', ..]) => Ok(content),
        _ => {
            let told = [reply, content].concat();
            Err(io::Error::other(String::from_utf8_lossy(&told).into_owned()))
        }
    }
}

fn form(name: &str, file: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    );
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    [head.as_bytes(), file, tail.as_bytes()].concat()
}

/// What ends the head of a reply.
const END: &[u8] = b"\r\n\r\n";
/// What is between the parts of a form, and in none of them.
const BOUNDARY: &str = "7c1e85d0a94f";
