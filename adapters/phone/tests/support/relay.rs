//! A wire between a phone and a phone's server, which can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// Passes connections on to a server while it is plugged in.
pub(crate) struct Relay {
    address: SocketAddr,
    to: String,
    /// Its thread, and what keeps that.
    server: Option<(Arc<()>, JoinHandle<()>)>,
    wires: Arc<Mutex<Vec<TcpStream>>>,
    is_frozen: Arc<AtomicBool>,
}

impl Relay {
    pub(crate) fn new(to: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut relay =
            Self { address, to, server: None, wires: Arc::default(), is_frozen: Arc::default() };
        relay.serve(listener);
        relay
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Breaks what stands, and refuses connections.
    pub(crate) fn unplug(&mut self) {
        if let Some((plugged, server)) = self.server.take() {
            drop(plugged);
            // The thread looks whenever somebody connects.
            let _ = TcpStream::connect(self.address);
            server.join().unwrap();
        }
        self.cut();
    }

    /// Breaks what stands; whoever connects again is served.
    pub(crate) fn cut(&self) {
        for wire in self.wires.lock().unwrap().drain(..) {
            // It may have broken by itself.
            let _ = wire.shutdown(Shutdown::Both);
        }
    }

    /// Keeps what stands, and takes nothing more of it.
    pub(crate) fn freeze(&self) {
        self.is_frozen.store(true, Ordering::Relaxed);
    }

    pub(crate) fn plug_in(&mut self) {
        let listener = TcpListener::bind(self.address).unwrap();
        self.serve(listener);
    }

    fn serve(&mut self, listener: TcpListener) {
        let plugged = Arc::new(());
        let (to, wires, is_plugged) = (self.to.clone(), self.wires.clone(), plugged.clone());
        let is_frozen = self.is_frozen.clone();
        let serve = move || {
            while let Ok((near, _)) = listener.accept() {
                if Arc::strong_count(&is_plugged) == 1 {
                    return;
                }
                let Ok(far) = TcpStream::connect(&to) else { continue };
                wires.lock().unwrap().extend([clone(&near), clone(&far)]);
                pass(clone(&near), clone(&far), is_frozen.clone());
                pass(far, near, is_frozen.clone());
            }
        };
        self.server = Some((plugged, thread::spawn(serve)));
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.unplug();
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, is_frozen: Arc<AtomicBool>) {
    thread::spawn(move || {
        let mut buffer = [0; 4_096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if is_frozen.load(Ordering::Relaxed) {
                return thread::park();
            }
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        // Whichever way it ended, both ends are to know; one may have gone.
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
}

fn clone(stream: &TcpStream) -> TcpStream {
    stream.try_clone().unwrap()
}
