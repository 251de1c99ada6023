use std::future::Future;
use std::io::{Error, ErrorKind, Result as IoResult};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Instant;

use lxst_reticulum::{Framing, Ifac};

use super::*;
use crate::network::interface::ByteStream;
use crate::runtime::Runtime;

#[test]
fn every_interface_that_a_phone_can_have_is_brought_up_in_the_order_of_the_file() {
    let (config, problems) = read(
        "[reticulum]
         enable_transport = no
         [At home]
         type = AutoInterface
         enabled = yes
         devices = eth0, wlan0
         group_id = our house
         discovery_scope = Site
         multicast_address_type = permanent
         discovery_port = 29000
         data_port = 29100
         [Club]
         type = TCPClientInterface
         interface_enabled = True
         target_host = example.org
         target_port = 4242
         mode = gateway
         [Six]
         type = TCPClientInterface
         enabled = 1
         target_host = 2001:db8::1
         target_port = 4242
         fixed_mtu = 1000
         [Guests]
         type = TCPServerInterface
         enabled = on
         listen_ip = 127.0.0.1
         port = 4243
         [Backbone]
         type = BackboneInterface
         enabled = yes
         remote = example.net
         port = 4244
         [Air]
         type = UDPInterface
         enabled = yes
         port = 4245
         listen_ip = 0.0.0.0
         forward_ip = 255.255.255.255
         [Line]
         type = SerialInterface
         enabled = yes
         port = /dev/ttyUSB0",
    );
    assert_eq!(problems, []);
    let names: Vec<_> = config.interfaces.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "AutoInterface \"At home\"",
            "TCPClientInterface \"Club\"",
            "TCPClientInterface \"Six\"",
            "TCPServerInterface \"Guests\"",
            "BackboneInterface \"Backbone\"",
            "UDPInterface \"Air\"",
            "SerialInterface \"Line\"",
        ]
    );
}

#[test]
fn what_is_not_enabled_is_left_out_without_a_word() {
    let (config, problems) = read(
        "[reticulum]
         [Off]
         type = TCPClientInterface
         enabled = no
         [Silent]
         type = RNodeInterface",
    );
    assert_eq!((config.interfaces.len(), problems), (0, vec![]));
}

#[test]
fn what_a_phone_cannot_bring_up_is_told_with_the_remedy_and_costs_no_other() {
    let (config, problems) = read(
        "[reticulum]
         [Radio]
         type = RNodeInterface
         enabled = yes
         [Hub]
         type = BackboneInterface
         enabled = yes
         listen_on = 0.0.0.0
         port = 4242
         [Modem]
         type = KISSInterface
         enabled = yes
         port = /dev/ttyUSB1
         id_callsign = MYCALL-0
         [Half]
         type = TCPClientInterface
         enabled = yes
         target_host = example.org
         [Odd]
         type = AutoInterface
         enabled = perhaps
         [Wide]
         type = AutoInterface
         enabled = yes
         discovery_scope = galaxy
         [Words]
         type = TCPClientInterface
         enabled = yes
         target_host = example.org
         target_port = 4242
         passphrase = one, two
         [Good]
         type = AutoInterface
         enabled = yes",
    );
    assert_eq!(config.interfaces.len(), 1);
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let rnsd = "run rnsd, which can, and the phone attaches to it";
    assert_eq!(
        told,
        [
            format!("section \"Radio\": a phone cannot bring up a RNodeInterface; {rnsd}"),
            format!(
                "section \"Hub\": a phone cannot bring up a BackboneInterface that listens; {rnsd}"
            ),
            "section \"Modem\": a phone does not know id_callsign; run rnsd, which does, and the \
             phone attaches to it; or remove it"
                .into(),
            "section \"Half\": target_port is missing".into(),
            "section \"Odd\": enabled = perhaps: it must be yes or no".into(),
            "section \"Wide\": discovery_scope = galaxy: it must be link, admin, site, \
             organisation or global"
                .into(),
            "section \"Words\": passphrase = one, two: it must be in quotes where it has a comma"
                .into(),
        ]
    );
}

#[test]
fn access_codes_have_the_size_of_their_interface_or_of_the_section() {
    let code = |text: &str, bytes| {
        let section =
            format!("[reticulum]\n[Line]\ntype = SerialInterface\nenabled = yes\nport = a\n{text}");
        let (config, problems) = read(&section);
        assert_eq!(problems, []);
        let [ConfiguredInterface::Serial(line)] = &config.interfaces[..] else { unreachable!() };
        let ifac = Ifac::new(Some("mesh"), Some("secret"), bytes).unwrap();
        assert_eq!(line.ifac, Some(ifac), "{text}");
    };
    code("network_name = mesh\npassphrase = secret", 8);
    code("networkname = mesh\npass_phrase = secret\nifac_size = 128", 16);
    code("network_name = mesh\nnetworkname = other\npassphrase = secret\nifac_size = 4", 8);

    let (config, _) = read(
        "[reticulum]
         [Club]
         type = TCPClientInterface
         enabled = yes
         target_host = example.org
         target_port = 4242
         network_name = None
         passphrase = secret",
    );
    let shown = format!("{:?}", config.interfaces[0]);
    let ifac = Ifac::new(None, Some("secret"), Ifac::SIZE).unwrap();
    assert!(shown.contains(&format!("{:?}", Some(ifac))), "{shown}");
}

#[test]
fn a_modem_gets_its_settings() {
    let (config, problems) = read(
        "[reticulum]
         [Modem]
         type = KISSInterface
         enabled = yes
         port = /dev/ttyUSB1
         speed = 115200
         databits = 7
         parity = Even
         stopbits = 2
         preamble = 150
         persistence = 9999",
    );
    assert_eq!(problems, []);
    let [ConfiguredInterface::Serial(line)] = &config.interfaces[..] else { unreachable!() };
    assert_eq!((&*line.port, line.speed, line.framing), ("/dev/ttyUSB1", 115_200, Framing::Kiss));
    assert_eq!((line.data_bits, line.parity, line.stop_bits), (7, Parity::Even, 2));
    let [preamble, tail, persistence, slot] =
        [[0xC0, 1, 15, 0xC0], [0xC0, 4, 2, 0xC0], [0xC0, 2, 255, 0xC0], [0xC0, 3, 2, 0xC0]];
    assert_eq!(line.setup, [preamble, tail, persistence, slot].concat());
    let interface = line.interface::<NoSockets, _, _>(|| async { Err(ErrorKind::NotFound.into()) });
    assert_eq!(interface.to_string(), "KISSInterface \"Modem\"");
}

#[test]
fn the_shared_instance_is_the_configured_one() {
    let instance = |text: &str| {
        let (config, problems) = read(&format!("[reticulum]\n{text}"));
        assert_eq!(problems, []);
        config.shared_instance.map(|interface| interface.to_string())
    };
    assert_eq!(instance("share_instance = No"), None);
    let tcp = instance("shared_instance_type = tcp").unwrap();
    assert_eq!(tcp, "shared instance on port 37428");
    let tcp = instance("shared_instance_type = TCP\nshared_instance_port = 37430").unwrap();
    assert_eq!(tcp, "shared instance on port 37430");
    if cfg!(target_os = "linux") {
        assert_eq!(instance("").unwrap(), "shared instance \"default\"");
        assert_eq!(instance("instance_name = lab").unwrap(), "shared instance \"lab\"");
    }
    let (config, problems) =
        read("[reticulum]\nshared_instance_type = tcp\nshared_instance_port = 0");
    assert!(config.shared_instance.is_none());
    let told = "section \"reticulum\": shared_instance_port = 0: it must be a port from 1 to 65535";
    assert_eq!(problems[0].to_string(), told);
}

/// Reads lines of `[section]` and `key = a, b`; the first section is `[reticulum]`.
fn read(text: &str) -> (ReticulumConfig<NoSockets>, Vec<ConfigProblem>) {
    let mut sections: Vec<ConfigSection> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix('[') {
            let name = name.trim_end_matches(']').to_owned();
            sections.push(ConfigSection { name, entries: Vec::new() });
        } else {
            let (key, value) = line.split_once(" = ").unwrap();
            let items = value.split(", ").map(str::to_owned).collect();
            sections.last_mut().unwrap().entries.push((key.to_owned(), items));
        }
    }
    ReticulumConfig::read(&sections[0], &sections[1..])
}

/// A runtime on which nothing is opened.
#[derive(Clone, Debug, Default)]
struct NoSockets;

impl Runtime for NoSockets {
    fn now(&self) -> Instant {
        Instant::now()
    }

    async fn sleep_until(&self, _: Instant) {}

    fn spawn(&self, _: impl Future<Output = ()> + Send + 'static) {}
}

impl Sockets for NoSockets {
    type Listener = ();
    type Udp = ();

    async fn resolve(&self, _: &str, _: u16) -> IoResult<Vec<SocketAddr>> {
        Err(none())
    }

    async fn connect_tcp(&self, _: SocketAddr) -> IoResult<ByteStream> {
        Err(none())
    }

    #[cfg(unix)]
    fn adopt_unix(&self, _: std::os::unix::net::UnixStream) -> IoResult<ByteStream> {
        Err(none())
    }

    fn adopt_listener(&self, _: TcpListener) -> IoResult<()> {
        Err(none())
    }

    async fn accept(&self, (): &()) -> IoResult<(ByteStream, SocketAddr)> {
        Err(none())
    }

    fn adopt_udp(&self, _: UdpSocket) -> IoResult<()> {
        Err(none())
    }

    async fn receive(&self, (): &(), _: &mut [u8]) -> IoResult<(usize, SocketAddr)> {
        Err(none())
    }

    async fn send(&self, (): &(), _: &[u8], _: SocketAddr) -> IoResult<()> {
        Err(none())
    }
}

fn none() -> Error {
    ErrorKind::Unsupported.into()
}
