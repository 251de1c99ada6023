//! The service of rnphone-rs, used by its control protocol, in calls with Python LXST.

use core::time::Duration;
use std::fs;

use lxst_interop::environment::target_dir;
use lxst_interop::{Command as ToPython, PythonPeer};
use lxst_phone::{EndReason, IdentityHash};
use lxst_tokio::Interface;
use rnphone_rs::control::{Command, Event, Reply, Status};
use rnphone_rs::folder::{Folder, Surroundings};
use rnphone_rs::history::Outcome;
use rnphone_rs::service::{
    Client, ClientEvents, NetworkAccess, Overrides, Service, SoundSettings, Start,
};
use rnphone_rs::words;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_contact_on_python_is_called_held_and_calls_back() {
    let (service, client, mut events) = start().await;
    let port = port(&mut events).await;
    let mut python = tokio::task::block_in_place(|| {
        PythonPeer::builder("rnphone-service", "python").connect(port).auto_answer(0.2).spawn()
    });
    let who = IdentityHash(python.identity()).to_string();
    let mary = Command::AddContact { name: "Mary".to_owned(), who, number: Some("7".to_owned()) };
    assert_eq!(client.ask(mary).await, Ok(Reply::Done));

    // Rung by her number.
    let Reply::Call(call) = ask(&client, "dial 7").await else { panic!("no call") };
    until(&mut events, |event| matches!(event, Event::Established { .. })).await;
    tokio::task::block_in_place(|| python.expect("established", PATIENCE));
    ask(&client, "hold").await;
    let status = status(&client).await;
    assert_eq!(status.calls.len(), 1);
    let info = &status.calls[0];
    assert_eq!((info.call, info.is_held, info.peer.name.as_str()), (call, true, "Mary"));
    ask(&client, "resume").await;
    ask(&client, "hangup").await;
    let ended = until(&mut events, |event| matches!(event, Event::Ended { .. })).await;
    let Event::Ended { past, .. } = ended else { panic!() };
    assert_eq!(past.outcome, Outcome::Ended(EndReason::LocalHangup));
    assert!(past.talked_ms.is_some());
    tokio::task::block_in_place(|| python.expect("ended", PATIENCE));

    python.send(&ToPython::call(service.identity().0));
    let rings = until(&mut events, |event| matches!(event, Event::Incoming { .. })).await;
    assert!(matches!(rings, Event::Incoming { peer, .. } if peer.name == "Mary"));
    ask(&client, "reject").await;
    let ended = until(&mut events, |event| matches!(event, Event::Ended { .. })).await;
    let Event::Ended { past, .. } = ended else { panic!() };
    assert_eq!((past.outcome, past.is_missed), (Outcome::Ended(EndReason::Rejected), false));

    // Whom we block hears that the line is busy.
    ask(&client, "block mary").await;
    python.send(&ToPython::call(service.identity().0));
    tokio::task::block_in_place(|| python.expect("busy", PATIENCE));
    tokio::task::block_in_place(|| python.quit());
    service.stop().await;
}

async fn start() -> (Service, Client, ClientEvents) {
    let path = target_dir().join("interop/rnphone-service");
    // Left by an earlier run.
    let _ = fs::remove_dir_all(&path);
    let folder = Folder::find(Surroundings::of_process(Some(path))).expect("a folder");
    let interfaces = vec![Interface::tcp_server("127.0.0.1:0")];
    let network = NetworkAccess::Given { interfaces, text: "TCP".to_owned() };
    let start =
        Start { folder, network, sound: SoundSettings::Nothing, overrides: Overrides::default() };
    let service = Service::start(start).await.expect("it starts");
    let (client, events) = service.control().client().await.expect("it answers");
    (service, client, events)
}

async fn port(events: &mut ClientEvents) -> u16 {
    let hello = until(events, |event| matches!(event, Event::Hello { .. })).await;
    let Event::Hello { listening, .. } = hello else { panic!() };
    let (_, port) = listening[0].rsplit_once(':').expect("an address");
    port.parse().expect("a port")
}

async fn ask(client: &Client, line: &str) -> Reply {
    let command = words::parse(line).expect("a command");
    client.ask(command).await.unwrap_or_else(|error| panic!("{line}: {error}"))
}

async fn status(client: &Client) -> Status {
    match client.ask(Command::Status {}).await {
        Ok(Reply::Status(status)) => *status,
        other => panic!("{other:?}"),
    }
}

/// Waits for an event; those before it are left out.
async fn until(events: &mut ClientEvents, is_it: impl Fn(&Event) -> bool) -> Event {
    let found = async {
        loop {
            let event = events.next().await.expect("the phone runs");
            if is_it(&event) {
                return event;
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("it comes")
}

const PATIENCE: Duration = Duration::from_secs(60);
