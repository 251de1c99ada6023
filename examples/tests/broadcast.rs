//! Tests of `cargo run --example broadcast`.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use support::program;

#[test]
fn a_file_that_is_broadcast_is_heard_by_each_listener() {
    let port = free_port();
    let mut station = broadcast(&port, &[SPEECH]);
    let mut said = BufReader::new(station.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let identity = line.strip_suffix(" is the station\n").unwrap();
    let mut listeners = [(); 2].map(|()| broadcast(&port, &["--tune", identity]));
    for listener in &mut listeners {
        // 4 s, in which there is speech.
        let mut pcm = vec![0; 4 * 96_000];
        listener.stdout.as_mut().unwrap().read_exact(&mut pcm).unwrap();
        let samples = pcm.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
        let loud = samples.filter(|sample| sample.unsigned_abs() > 1_000).count();
        assert!(loud > 10_000, "{loud} samples");
    }
    for mut listener in listeners {
        // It ends with its pipe, while the station plays.
        drop(listener.stdout.take());
        assert!(listener.wait().unwrap().success());
    }
    station.kill().unwrap();
    station.wait().unwrap();
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let mut station = Command::new(program("broadcast"));
    let output = station.args(["no-such-file.wav", "--port", "0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("no-such-file.wav"), "{complaint}");
}

fn broadcast(port: &str, arguments: &[&str]) -> Child {
    let mut command = Command::new(program("broadcast"));
    command.args(arguments).args(["--port", port]).stdout(Stdio::piped());
    command.spawn().unwrap()
}

fn free_port() -> String {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port().to_string()
}

const SPEECH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/speech.wav");
