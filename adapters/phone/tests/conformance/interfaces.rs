//! Networks that come and go.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lxst_phone::reticulum::{DropReason, limits};
use lxst_phone::{
    CallerLimits, Callers, EndReason, Identity, IdentityFileError, IdentityHash, Ifac, Interface,
    OsRng, PhoneBuilder, Settings, StartError,
};

use crate::support::relay::Relay;
use crate::support::{
    App, TestRuntime, Vacant, builder, establish, eventually, finish, impatient, of, pair_of, ring,
    settings, tcp_server,
};

on_each_runtime!(
    an_address_that_is_taken_is_told_at_the_start,
    a_server_that_comes_late_is_found,
    a_server_that_was_away_is_found_again,
    a_server_that_has_just_begun_and_says_nothing_is_connected_to_again,
    a_server_that_may_just_have_begun_and_says_nothing_is_connected_to_again,
    a_server_that_says_something_keeps_its_first_connection,
    a_shared_instance_that_lost_its_client_is_attached_to_anew_and_once,
    a_server_that_closes_each_connection_is_not_hammered,
    a_call_ends_at_once_when_its_interface_breaks_and_the_next_one_works,
    a_phone_with_two_interfaces_goes_on_with_the_one_that_is_left,
    a_phone_serves_clients_of_several_interfaces,
    two_phones_talk_over_udp,
    a_shared_instance_is_found_by_name_and_by_port,
    two_phones_with_a_passphrase_talk,
    a_wrong_passphrase_gets_nothing,
    what_a_phone_knows_outlives_it,
    what_a_phone_knows_is_written_while_it_lives,
    a_damaged_file_is_survived,
    a_damaged_record_costs_itself,
    people_who_were_dialled_or_answered_are_no_strangers_after_a_restart,
    a_folder_is_one_phones_at_a_time,
);

async fn an_address_that_is_taken_is_told_at_the_start<R: TestRuntime>(rt: R) {
    let taken = App::listening(&rt).await;
    let second = builder::<R>().interface(Interface::tcp_server(taken.address()));
    let error = second.start().await.unwrap_err();
    assert!(
        matches!(&error, StartError::Interface { name, .. } if name.ends_with(&taken.address()))
    );
    let udp = Interface::udp("127.0.0.1:0", "127.0.0.1:no port");
    assert!(builder::<R>().interface(udp).start().await.is_err());
    taken.shutdown().await;
}

async fn a_server_that_comes_late_is_found<R: TestRuntime>(rt: R) {
    let vacant = Vacant::new();
    let mut caller = App::connected(&rt, vacant.address()).await;
    let server = Interface::tcp_server(vacant.address());
    let mut callee = App::start(&rt, builder().interface(server)).await;
    caller.until_connected().await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
}

async fn a_server_that_was_away_is_found_again<R: TestRuntime>(rt: R) {
    let mut callee = App::listening(&rt).await;
    let mut relay = Relay::new(callee.address());
    let mut caller = App::connected(&rt, relay.address()).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    call.hang_up().await.unwrap();
    caller.end().await;
    callee.end().await;
    relay.unplug();
    for app in [&caller, &callee] {
        app.until_state(|state| state.connections == 0).await;
    }
    relay.plug_in();
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
}

/// Such as an rnsd that accepts before it works, and never sends on what it has accepted then.
async fn a_server_that_has_just_begun_and_says_nothing_is_connected_to_again<R: TestRuntime>(
    rt: R,
) {
    let vacant = Vacant::new();
    let app = App::connected(&rt, vacant.address()).await;
    app.until_state(|state| state.interfaces[0].trouble.is_some()).await;
    expect_second_connection(&app, &TcpListener::bind(vacant.address()).unwrap()).await;
    app.shutdown().await;
}

/// Such as an rnsd that starts beside the phone.
async fn a_server_that_may_just_have_begun_and_says_nothing_is_connected_to_again<
    R: TestRuntime,
>(
    rt: R,
) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let app = App::connected(&rt, server.local_addr().unwrap().to_string()).await;
    expect_second_connection(&app, &server).await;
    app.shutdown().await;
}

async fn a_server_that_says_something_keeps_its_first_connection<R: TestRuntime>(rt: R) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let app = App::connected(&rt, server.local_addr().unwrap().to_string()).await;
    let (mut first, _) = server.accept().unwrap();
    first.write_all(&[0x7e]).unwrap();
    app.until_connected().await;
    assert_ne!(first.read(&mut [0; 500]).unwrap(), 0, "the phone announces itself");
    app.shutdown().await;
}

async fn expect_second_connection<R: TestRuntime>(app: &App<R>, server: &TcpListener) {
    let mut bytes = [0; 500];
    let (mut first, _) = server.accept().unwrap();
    assert_eq!(first.read(&mut bytes).unwrap(), 0, "the phone lets go of it");
    let (mut second, _) = server.accept().unwrap();
    app.until_connected().await;
    assert_ne!(second.read(&mut bytes).unwrap(), 0, "the phone announces itself");
}

/// Such as an rnsd of RNS 1.5.7 in which another client announced in the moment of attaching.
async fn a_shared_instance_that_lost_its_client_is_attached_to_anew_and_once<R: TestRuntime>(
    rt: R,
) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let app = App::start(&rt, builder().interface(Interface::shared_instance_on(port))).await;
    // What may be starting, or be new, is connected to twice.
    for _ in 0..3 {
        let mut lost = server.accept().unwrap().0;
        lost.read_to_end(&mut vec![]).expect("the phone lets go of it");
    }
    let (mut kept, _) = server.accept().unwrap();
    app.until_connected().await;
    let mut announce = [0; 500];
    assert_ne!(kept.read(&mut announce).unwrap(), 0, "the phone announces itself");
    kept.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let end = Instant::now() + limits::INSTANCE_SILENCE + Duration::from_secs(1);
    while Instant::now() < end {
        let read = kept.read(&mut [0; 500]);
        assert!(!matches!(read, Ok(0)), "another program keeps its client");
    }
    app.shutdown().await;
}

async fn a_server_that_closes_each_connection_is_not_hammered<R: TestRuntime>(rt: R) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let app = App::connected(&rt, server.local_addr().unwrap().to_string()).await;
    let since = Instant::now();
    for _ in 0..4 {
        drop(server.accept().unwrap());
    }
    // Pauses of 250, 500 and 1,000 ms, less what the first was late.
    assert!(since.elapsed() > Duration::from_millis(1_200), "{:?}", since.elapsed());
    app.shutdown().await;
}

async fn a_call_ends_at_once_when_its_interface_breaks_and_the_next_one_works<R: TestRuntime>(
    rt: R,
) {
    let mut callee = App::listening(&rt).await;
    let relay = Relay::new(callee.address());
    let mut caller = App::connected(&rt, relay.address()).await;
    for _ in 0..3 {
        establish(&mut caller, &mut callee).await;
        relay.cut();
        // A link that is only silent would be given up as late as a call without any media.
        let ends = (caller.end().await, callee.end().await);
        assert_eq!(ends, (EndReason::LinkLost, EndReason::LinkLost));
    }
    caller.shutdown().await;
    callee.shutdown().await;
}

async fn a_phone_with_two_interfaces_goes_on_with_the_one_that_is_left<R: TestRuntime>(rt: R) {
    let mut callee = App::listening(&rt).await;
    let mut relays = [Relay::new(callee.address()), Relay::new(callee.address())];
    let caller = relays
        .iter()
        .fold(builder(), |caller, relay| caller.interface(Interface::tcp_client(relay.address())));
    let mut caller = App::start(&rt, caller).await;
    caller.until_state(|state| state.connections == 2).await;
    for relay in &mut relays {
        relay.unplug();
        caller.until_state(|state| state.connections == 1).await;
        callee.until_state(|state| state.connections == 1).await;
        let (call, _) = establish(&mut caller, &mut callee).await;
        call.hang_up().await.unwrap();
        assert_eq!(caller.end().await, EndReason::LocalHangup);
        assert_eq!(callee.end().await, EndReason::RemoteHangup);
        relay.plug_in();
        caller.until_state(|state| state.connections == 2).await;
        callee.until_state(|state| state.connections == 2).await;
    }
    caller.shutdown().await;
    callee.shutdown().await;
}

async fn a_phone_serves_clients_of_several_interfaces<R: TestRuntime>(rt: R) {
    let callee = builder().interface(tcp_server()).interface(tcp_server());
    let mut callee = App::start(&rt, callee).await;
    let addresses = callee.phone.listening().to_vec();
    for address in addresses {
        let mut caller = App::connected(&rt, address.to_string()).await;
        let (call, _) = establish(&mut caller, &mut callee).await;
        call.hang_up().await.unwrap();
        caller.end().await;
        callee.end().await;
        caller.shutdown().await;
    }
    callee.shutdown().await;
}

async fn two_phones_talk_over_udp<R: TestRuntime>(rt: R) {
    let [one, other] = udp_addresses();
    let caller = builder().interface(Interface::udp(&one, &other));
    let callee = builder().interface(Interface::udp(&other, &one));
    let mut callee = App::start(&rt, callee).await;
    let mut caller = App::start(&rt, caller).await;
    assert_eq!(caller.address(), one);
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
}

fn udp_addresses() -> [String; 2] {
    let sockets = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    sockets.map(|socket| socket.local_addr().unwrap().to_string())
}

async fn a_shared_instance_is_found_by_name_and_by_port<R: TestRuntime>(rt: R) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let by_port = Interface::shared_instance_on(port);
    let app = App::start(&rt, builder().interface(by_port)).await;
    app.until_connected().await;
    app.shutdown().await;
    #[cfg(target_os = "linux")]
    {
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::net::{SocketAddr, UnixListener};
        let name = format!("conformance-{port}");
        let by_name = Interface::named_shared_instance(&name);
        let app = App::start(&rt, builder().interface(by_name)).await;
        // As it does, the instance comes late.
        let address = SocketAddr::from_abstract_name(format!("rns/{name}")).unwrap();
        let instance = UnixListener::bind_addr(&address).unwrap();
        let (connection, _) = instance.accept().unwrap();
        app.until_connected().await;
        drop(connection);
        let (_connection, _) = instance.accept().unwrap();
        app.until_connected().await;
        app.shutdown().await;
    }
}

async fn two_phones_with_a_passphrase_talk<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = network(&rt, builder(), ["open sesame"; 2]).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
}

async fn a_wrong_passphrase_gets_nothing<R: TestRuntime>(rt: R) {
    let caller = builder().endpoint(impatient());
    let (mut caller, callee) = network(&rt, caller, ["open barley", "open sesame"]).await;
    caller.until_connected().await;
    caller.dial(callee.identity()).await;
    assert_eq!(caller.end().await, EndReason::NoPath);
    let refused = |app: lxst_phone::Counters| app.endpoint.unwrap().dropped(DropReason::Ifac);
    eventually(&rt, async || refused(callee.counters().await) > 0).await;
    caller.shutdown().await;
    callee.shutdown().await;
    let mut callee = callee;
    assert_eq!(callee.rest().await, []);
}

/// A caller and a callee, each with its passphrase.
async fn network<R: TestRuntime>(
    rt: &R,
    caller: PhoneBuilder<R>,
    passphrases: [&str; 2],
) -> (App<R>, App<R>) {
    let [access, callee] =
        passphrases.map(|phrase| Ifac::new(Some("phones"), Some(phrase), Ifac::SIZE).unwrap());
    let callee = App::start(rt, builder().interface(tcp_server().with_ifac(callee))).await;
    let client = Interface::tcp_client(callee.address()).with_ifac(access);
    (App::start(rt, caller.interface(client)).await, callee)
}

async fn what_a_phone_knows_outlives_it<R: TestRuntime>(rt: R) {
    let folder = Folder::new();
    let mut known = 0;
    let mut identity = None;
    for _ in 0..2 {
        let (mut caller, mut callee) = pair_of(&rt, open(folder.path()), builder()).await;
        assert_eq!(*identity.get_or_insert(caller.identity()), caller.identity());
        let (call, _) = establish(&mut caller, &mut callee).await;
        finish(call, caller, callee).await;
        // What was known before is still there, and one more is.
        let size = fs::metadata(folder.known()).unwrap().len();
        assert!(size > known, "{size} bytes");
        known = size;
        folder.check_modes();
    }
    let alone = App::start(&rt, open(folder.path())).await;
    alone.shutdown().await;
    assert_eq!(fs::metadata(folder.known()).unwrap().len(), known);
}

async fn what_a_phone_knows_is_written_while_it_lives<R: TestRuntime>(rt: R) {
    let folder = Folder::new();
    let (mut caller, mut callee) = pair_of(&rt, open(folder.path()), builder()).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    eventually(&rt, async || folder.known().exists()).await;
    folder.check_modes();
    finish(call, caller, callee).await;
}

async fn a_damaged_file_is_survived<R: TestRuntime>(rt: R) {
    let folder = Folder::new();
    let alone = App::start(&rt, open(folder.path())).await;
    alone.shutdown().await;
    let damages: [&[u8]; 4] = [b"", b"nonsense", &[0xff; 10_000], &[0x93; 100]];
    for damage in damages {
        fs::write(folder.known(), damage).unwrap();
        let (mut caller, mut callee) = pair_of(&rt, open(folder.path()), builder()).await;
        let (call, _) = establish(&mut caller, &mut callee).await;
        finish(call, caller, callee).await;
        assert_ne!(fs::read(folder.known()).unwrap(), damage);
        folder.check_modes();
    }
    fs::write(folder.path().join("identity"), b"short").unwrap();
    let error = PhoneBuilder::<R>::open(folder.path()).unwrap_err();
    assert!(error.to_string().contains("identity"), "{error}");
}

async fn a_damaged_record_costs_itself<R: TestRuntime>(rt: R) {
    let folder = Folder::new();
    let (mut caller, mut callee) = pair_of(&rt, open(folder.path()), builder()).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
    // A header of 7 bytes, our own record and the callee's, of 73 each.
    let whole = fs::read(folder.known()).unwrap();
    assert_eq!(whole.len(), 7 + 2 * 73);
    let mut damaged = whole.clone();
    damaged[7] ^= 1;
    fs::write(folder.known(), &damaged).unwrap();
    let alone = App::start(&rt, open(folder.path())).await;
    alone.shutdown().await;
    assert_eq!(fs::read(folder.known().with_extension("bad")).unwrap(), damaged);
    let left = fs::read(folder.known()).unwrap();
    let key_of_callee = 7 + 73 + 5..7 + 73 + 5 + 64;
    assert_eq!(left[left.len() - 68..left.len() - 4], whole[key_of_callee]);
}

async fn people_who_were_dialled_or_answered_are_no_strangers_after_a_restart<R: TestRuntime>(
    rt: R,
) {
    let folder = Folder::new();
    let [dialled, answered] = [(); 2].map(|()| Identity::generate(&mut OsRng));
    let identities = [&dialled, &answered].map(|identity| identity.to_bytes());
    let caller = of(answered);
    let callee = open(folder.path()).endpoint(impatient());
    let (mut caller, mut callee) = pair_of(&rt, caller, callee).await;
    callee.dial(IdentityHash(dialled.hash().0)).await;
    assert_eq!(callee.end().await, EndReason::NoPath);
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
    folder.check_modes();

    // A phone that lets no stranger ring.
    let limits = CallerLimits { strangers: 0, ..CallerLimits::default() };
    let wary = Settings::default().callers(Callers::all().limits(limits));
    let callee = open(folder.path()).settings(wary).interface(tcp_server());
    let mut callee = App::start(&rt, callee).await;
    for bytes in identities {
        let friend = of(Identity::from_bytes(&bytes).unwrap());
        let friend = friend.interface(Interface::tcp_client(callee.address()));
        let mut friend = App::start(&rt, friend).await;
        let (call, _) = ring(&mut friend, &mut callee).await;
        call.hang_up().await.unwrap();
        assert_eq!(callee.end().await, EndReason::Cancelled);
        friend.shutdown().await;
    }
    let mut stranger = App::connected(&rt, callee.address()).await;
    stranger.dial(callee.identity()).await;
    assert_eq!(stranger.end().await, EndReason::Busy);
    stranger.shutdown().await;
    callee.shutdown().await;
}

async fn a_folder_is_one_phones_at_a_time<R: TestRuntime>(rt: R) {
    let folder = Folder::new();
    let first = App::start(&rt, open(folder.path())).await;
    let error = PhoneBuilder::<R>::open(folder.path()).unwrap_err();
    assert!(matches!(&error, IdentityFileError::InUse { path } if path == folder.path()));
    assert!(error.to_string().contains("a folder of its own"), "{error}");
    first.shutdown().await;
    let second = App::start(&rt, open(folder.path())).await;
    second.shutdown().await;
}

fn open<R: TestRuntime>(folder: &Path) -> PhoneBuilder<R> {
    PhoneBuilder::open(folder).unwrap().settings(settings())
}

/// A folder that is there for one test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("lxst-conformance-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn known(&self) -> PathBuf {
        self.0.join("known_destinations")
    }

    /// Nobody else may read any of it, and nothing else is there.
    fn check_modes(&self) {
        let files: Vec<_> = fs::read_dir(&self.0).unwrap().map(|file| file.unwrap()).collect();
        // What somebody else wrote is kept as it was.
        let ours = |file: &fs::DirEntry| file.path().extension().is_none();
        let files: Vec<_> = files.into_iter().filter(ours).collect();
        let names = ["identity", "known_destinations", "lock", "people"];
        #[cfg(unix)]
        for file in files {
            assert!(names.iter().any(|name| file.file_name() == *name), "{file:?}");

            use std::os::unix::fs::PermissionsExt;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The test has ended, one way or the other.
        let _ = fs::remove_dir_all(&self.0);
    }
}
