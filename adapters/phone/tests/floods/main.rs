//! What one who floods a phone does to others, over real sockets on loopback.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[macro_use]
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use lxst_phone::{Ifac, Interface, reticulum};
use support::{App, TestRuntime, builder, escaped, establish, eventually, tcp_server};

on_each_runtime!(
    a_flood_on_one_interface_is_not_noticed_on_another,
    a_flood_on_one_connection_is_not_noticed_on_another_of_its_interface,
);

async fn a_flood_on_one_interface_is_not_noticed_on_another<R: TestRuntime>(rt: R) {
    let callee = builder().interface(tcp_server()).interface(tcp_server().with_ifac(mesh()));
    let callee = App::start(&rt, callee).await;
    let [quiet, flooded] = [0, 1].map(|interface| callee.phone.listening()[interface]);
    let caller = Interface::tcp_client(quiet.to_string());
    calls_come_through(&rt, caller, callee, flooded).await;
}

async fn a_flood_on_one_connection_is_not_noticed_on_another_of_its_interface<R: TestRuntime>(
    rt: R,
) {
    let callee = App::start(&rt, builder().interface(tcp_server().with_ifac(mesh()))).await;
    let address = callee.phone.listening()[0];
    let caller = Interface::tcp_client(address.to_string()).with_ifac(mesh());
    calls_come_through(&rt, caller, callee, address).await;
}

/// Calls over one connection ring, and cost no more than they may, while others flood the phone at
/// an address.
async fn calls_come_through<R: TestRuntime>(
    rt: &R,
    caller: Interface<R>,
    mut callee: App<R>,
    flooded: SocketAddr,
) {
    let _alone = ALONE.lock().await;
    let mut caller = App::start(rt, builder().interface(caller)).await;
    // From then on they know each other's way.
    let (call, _) = establish(&mut caller, &mut callee).await;
    call.hang_up().await.unwrap();
    caller.end().await;
    callee.end().await;

    let of = reticulum::DestinationHash::telephony(callee.identity());
    let flood = Flood::new(flooded, of.0);
    let dropped = async |callee: &App<R>| {
        let counters = callee.counters().await.endpoint.unwrap();
        reticulum::DropReason::ALL.map(|reason| counters.dropped(reason)).iter().sum::<u64>()
    };
    eventually(rt, async || dropped(&callee).await > 10_000).await;
    for _ in 0..5 {
        let before = dropped(&callee).await;
        let worked = work();
        let call = caller.dial(callee.identity()).await;
        callee.incoming().await;
        let cost = work().saturating_sub(worked);
        assert!(cost <= BOUND, "{cost:?}");
        assert!(dropped(&callee).await > before, "the flood goes on");
        call.hang_up().await.unwrap();
        caller.end().await;
        callee.end().await;
    }
    drop(flood);
    caller.shutdown().await;
    callee.shutdown().await;
}

/// One flood at a time: each takes all the time of a processor that it is given.
static ALONE: ::smol::lock::Mutex<()> = ::smol::lock::Mutex::new(());

/// A network whose packets cost most.
fn mesh() -> Ifac {
    Ifac::new(Some("mesh"), None, Ifac::SIZE).unwrap()
}

/// Connections that send junk, with and without an access code, and a recorded link request, as
/// fast as they are read.
struct Flood {
    connections: Vec<(TcpStream, JoinHandle<()>)>,
}

impl Flood {
    fn new(address: SocketAddr, destination: [u8; 16]) -> Self {
        let request =
            [&[0x7e, 0x02, 0x00][..], &escaped(&destination), &[0x00], &[0x11; 64], &[0x7e]];
        let coded = [&b"\x7e\x81\x00"[..], &[0x11; 60], b"\x7e"].concat();
        let junk = [&b"\x7ejunk!\x7e"[..], &coded].concat().repeat(20);
        let flood = [request.concat(), junk].concat().repeat(20);
        let connections = (0..CONNECTIONS).map(|_| {
            let stream = TcpStream::connect(address).unwrap();
            let (mut writer, flood) = (stream.try_clone().unwrap(), flood.clone());
            // Until the connection is shut.
            let write = move || while writer.write_all(&flood).is_ok() {};
            (stream, thread::Builder::new().name(FLOOD.into()).spawn(write).unwrap())
        });
        Self { connections: connections.collect() }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        for (stream, writer) in self.connections.drain(..) {
            // It may have been closed.
            let _ = stream.shutdown(Shutdown::Both);
            writer.join().unwrap();
        }
    }
}

/// What the threads of the phones computed so far. How long they waited for a processor is the
/// machine's matter. Where no Linux tells, nothing.
fn work() -> Duration {
    let of_thread = |folder: PathBuf| {
        let name = fs::read_to_string(folder.join("comm")).ok()?;
        let times = fs::read_to_string(folder.join("schedstat")).ok()?;
        let computed = times.split(' ').next()?.parse().ok()?;
        (name.trim_end() != FLOOD).then_some(Duration::from_nanos(computed))
    };
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten();
    // One may end meanwhile.
    threads.flatten().filter_map(|thread| of_thread(thread.path())).sum()
}

const CONNECTIONS: usize = 4;
/// The name of the threads that flood.
const FLOOD: &str = "flood";
/// What both phones may compute until a call rings, the flood that comes in meanwhile included.
const BOUND: Duration = Duration::from_millis(100);
